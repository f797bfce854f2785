// Tells that there is news of the plant on this page. Everything works without it.
"use strict";
