// Entry point of the scripts of the conversation list. Without them, plain forms and links do the same.

import "./search.js";
import "./new-messages.js";
import "./notice.js";
import { markCurrentLink } from "./results.js";
import { start } from "./tag-popover.js";

markCurrentLink();
if (document.getElementById("inbox-tag-popover")) start();
