// Goldcrest's page: paste, drop or type a link; the rest is in the modules beside this one.

import { orderBatch, restoreBatches } from "./batches.js";
import { announce, trouble } from "./dom.js";
import { lookUp } from "./found.js";
import { order, restore } from "./jobs.js";

const form = document.getElementById("ask");
const field = document.getElementById("link");
const found = document.getElementById("found");

function look(text) {
  if (!text.trim()) return;
  field.value = text.trim().split(/\s+/).join(" "); // the field would glue two lines together
  const choose = (choice) =>
    order({ offer: choice.offer, quality: choice.quality, ...choice.part }, choice.lower).catch((error) => {
      found.prepend(trouble(error));
      announce(error.message);
    });
  lookUp(text, choose, orderBatch);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  look(field.value);
});

// A pasted link is looked up at once, wherever the focus is.
document.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const elsewhere = event.target instanceof HTMLInputElement && event.target !== field;
  if (elsewhere || !/\S\.\S/.test(text)) return;
  event.preventDefault();
  look(text);
});

let depth = 0; // dragenter and dragleave come for every element on the way

function dragging(event, step) {
  event.preventDefault();
  depth = Math.max(0, depth + step);
  document.body.classList.toggle("dropping", depth > 0);
}

document.addEventListener("dragenter", (event) => dragging(event, 1));
document.addEventListener("dragleave", (event) => dragging(event, -1));
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  dragging(event, -depth);
  look(event.dataTransfer.getData("text/uri-list") || event.dataTransfer.getData("text/plain"));
});

restoreBatches();
restore();

// Enter before this script had loaded: the form has sent the link to the page itself.
const early = new URLSearchParams(location.search).get("url");
if (early) {
  history.replaceState(null, "", location.pathname);
  look(early);
}
