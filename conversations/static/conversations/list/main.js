// The list of conversations, alive. Without this the plain forms and links do the same by loading pages.

import "./search.js";
import "./news.js";
import "./told.js";
import { nameCurrent } from "./results.js";
import { start } from "./tagger.js";

nameCurrent();
if (document.getElementById("inbox-tagger")) start();
