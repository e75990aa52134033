// Puts the page together.

import { loadAround, loadCounts, loadViews } from "./around.mjs";
import { byId } from "./dom.mjs";
import { stale, tellOthersBy } from "./changes.mjs";
import { startFinder } from "./finder.mjs";
import { startKeys } from "./keys.mjs";
import { later } from "./later.mjs";
import { startLive, tellOthers } from "./live.mjs";
import { startListState } from "./liststate.mjs";
import { startList } from "./listview.mjs";
import { startSelection } from "./selection.mjs";
import { startSide } from "./side.mjs";
import { set, watch } from "./state.mjs";
import { startSync } from "./syncview.mjs";
import { hear } from "./syncing.mjs";

const pick = later("picker", "pickTag");
const help = later("help", "showHelp");
const startFilters = later("filters", "startFilters", null);
const startTalk = later("talkview", "startTalk", "talk");
const drawInsight = later("insight", "drawInsight", "insight");

startSide({ forget: later("saved", "forgetView"), newTag: later("picker", "newTag") });
startFinder({ save: later("saved", "saveView") });
startSelection({ pick });
startListState();
startKeys({ pick, palette: later("palette", "openPalette"), help });
startSync({ tell: later("outcome", "loadOutcome", null) });
byId("help").addEventListener("click", help);
watch("open insight", showScreen);
watch("isFilterOpen", ({ isFilterOpen }) => isFilterOpen && startFilters());
watch("open", ({ open }) => open && startTalk({ pick }));
watch("insight open filter", ({ insight, open }) => insight && !open && drawInsight());
watch("filter.facebookPageId", ({ pages }) => pages && loadCounts());
watch("isConnected", ({ isConnected }) => (byId("offline").hidden = isConnected !== false));

startList();
set({}); // the first drawing, which asks for the list
loadAround();
loadViews();
tellOthersBy(tellOthers);
startLive({ onState: hear, onCatchUp: () => stale({ atOnce: true }), onOther: stale, onConnected: (isConnected) => set({ isConnected }) });

// On a phone the panes are screens.
function showScreen({ open, insight }) {
  document.body.dataset.screen = open ? "talk" : insight ? "insight" : "list";
  byId("insight").hidden = !insight || Boolean(open);
  byId("talk").hidden = insight && !open;
  byId("talk-empty").hidden = Boolean(open);
  byId("talk-open").hidden = !open;
}
