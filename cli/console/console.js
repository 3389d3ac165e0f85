// Makes pages quicker. Everything works without it.
"use strict";
