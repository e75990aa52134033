// Puts the page together.

import { firstInSight, startList } from "./listview.mjs";
import { loadCounts, loadPages, loadTags, loadViews } from "./setup.mjs";
import { byId, styled } from "./dom.mjs";
import { stale, startChanges, tellOthersBy } from "./changes.mjs";
import { startFinder } from "./finder.mjs";
import { startKeys } from "./keys.mjs";
import { startLive, tellOthers } from "./live.mjs";
import { startListState } from "./liststate.mjs";
import { letGo, startSelection } from "./selection.mjs";
import { startSide } from "./side.mjs";
import { go, store } from "./state.mjs";
import { whenChanged } from "./store.mjs";
import { setStatus } from "./statuses.mjs";
import { startSync } from "./syncview.mjs";
import { hear } from "./syncing.mjs";
import { complain } from "./toast.mjs";

// What is not needed to see the list comes when it is asked for.
async function later(name, sheet) {
  const [part] = await Promise.all([import(`./later/${name}.mjs`), styled(sheet)]);
  return part;
}

const calls = (name, verb, sheet = "dialogs") => (...given) => later(name, sheet).then((part) => part[verb](...given)).catch(complain);
const pick = calls("picker", "pickTag");
const help = calls("help", "showHelp");
const markAll = calls("marking", "markAll");
const mark = (status, aim) => (aim.all ? markAll(status) : (setStatus(status, aim), letGo()));
const palette = calls("palette", "openPalette");
const startTalk = calls("talkview", "startTalk", "talk");
const drawInsight = calls("insight", "drawInsight", "insight");
const openInsight = () => go({ insight: !store.get().insight, open: null });

startSide({ forget: calls("saved", "forgetView"), newTag: calls("picker", "newTag") });
startFinder({ save: calls("saved", "saveView"), openInsight });
startSelection({ pick, mark });
startListState();
startKeys({ pick, mark, palette: () => palette({ mark }), help });
startSync();
byId("help").addEventListener("click", help);
store.subscribe(whenChanged(({ open, insight }) => [open, insight], showScreen));
store.subscribe(whenChanged(({ open }) => [Boolean(open)], ({ open }) => open && startTalk({ pick })));
store.subscribe(whenChanged(({ insight, filter, open }) => [insight && !open, filter], ({ insight, open }) => insight && !open && drawInsight()));
store.subscribe(whenChanged(({ filter, pages }) => [filter.facebookPageId, Boolean(pages)], ({ pages }) => pages && loadCounts()));
store.subscribe(whenChanged(({ isConnected }) => [isConnected], ({ isConnected }) => (byId("offline").hidden = isConnected !== false)));

startList();
store.set({}); // the first drawing, which asks for the list
loadPages();
loadTags();
loadViews();
startChanges({ firstInSight });
tellOthersBy(tellOthers);
startLive({ onState: hear, onCatchUp: () => stale({ atOnce: true }), onOther: () => stale(), onConnected: (isConnected) => store.set({ isConnected }) });

// On a phone the panes are screens.
function showScreen({ open, insight }) {
  document.body.dataset.screen = open ? "talk" : insight ? "insight" : "list";
  byId("insight").hidden = !insight || Boolean(open);
  byId("talk").hidden = insight && !open;
  byId("talk-empty").hidden = Boolean(open);
  byId("talk-open").hidden = !open;
}
