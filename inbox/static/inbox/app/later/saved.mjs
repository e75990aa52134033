// Saved views: the filter under a name.

import { asked } from "../address.mjs";
import { post, remove } from "../api.mjs";
import { h } from "../dom.mjs";
import { loadViews } from "../around.mjs";
import { pageOf, state } from "../state.mjs";
import { complain, say } from "../toast.mjs";
import { confirmed, openForm } from "./dialog.mjs";

export async function saveView() {
  const { facebookPageId, ...query } = asked(state.filter);
  const page = pageOf(facebookPageId);
  const fields = [
    h("label", "Name", h("input", { name: "name", maxlength: 100, required: true, autofocus: true })),
    h("label.check", h("input", { type: "checkbox", name: "shared" }), page ? `Everybody who sees ${page.name} may use it` : "Everybody may use it"),
  ];
  const saved = await openForm("Save as view", fields, "Save", (form) =>
    post("/api/views", { name: form.get("name").trim(), query, shared: form.get("shared") !== null, ...(facebookPageId && { facebookPageId }) }),
  );
  if (!saved) return;
  await loadViews();
  say(`Saved as “${saved.view.name}”.`);
}

export async function forgetView(view) {
  const words = view.shared ? "Others use it, too. The conversations stay." : "The conversations stay.";
  if (!(await confirmed(`Delete the view “${view.name}”?`, words, "Delete"))) return;
  await remove(`/api/views/${view.id}`).catch(complain);
  await loadViews();
}
