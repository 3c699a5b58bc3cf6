// A list, or many links: what it holds, which items, which quality, one button.

import { el, trouble } from "./dom.js";
import { lengthText, say, siteOf } from "./words.js";

const QUALITIES = ["best", "1080p", "720p", "480p", "360p", "audio", "mp3"];

// The card of a list: its first items, and the form to order some of them or all.
export function listCard(list, onOrder) {
  const count = list.total === null ? "" : say("list_items", { count: list.total });
  const about = [list.uploader, siteOf(list.url), count].filter(Boolean).join(" \u00b7 ");
  const rows = list.entries.map((entry) => {
    const length = entry.duration_seconds ? el("small", {}, lengthText(entry.duration_seconds)) : null;
    return el("li", { value: entry.position }, el("span", {}, entry.title || entry.url), length);
  });
  const items = el("input", { name: "items", type: "text", maxlength: 1000, placeholder: say("list_all"), autocomplete: "off", "aria-describedby": "range-hint" });
  return [
    el("div.media.bare", {}, el("div", {}, el("h2.title", {}, list.title), el("p.about", {}, about))),
    el("ol.entries", { start: list.first }, ...rows),
    list.more ? el("p.about", {}, say("list_more")) : null,
    form(
      [el("label", {}, say("list_which"), items)],
      el("p.about", { id: "range-hint" }, say("list_hint")),
      say("list_get"),
      (quality) => onOrder({ url: list.url, items: items.value, quality }),
    ),
  ].filter(Boolean);
}

// The card above those of several links: all of them in one order.
export function manyCard(links, onOrder) {
  const title = el("h2.title", {}, say("many_links", { count: links.length }));
  return el("article.card", {}, title, form([], null, say("list_get"), (quality) => onOrder({ urls: links, quality })));
}

function form(fields, hint, text, onOrder) {
  const options = QUALITIES.map((key) => el("option", { value: key }, qualityName(key)));
  const quality = el("select", { name: "quality" }, ...options);
  const send = el("button.button.primary", { type: "submit" }, text);
  const node = el("form.pick", { novalidate: true }, ...fields, el("label", {}, say("quality"), quality), send, hint);
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    send.disabled = true;
    node.querySelector(".trouble")?.remove();
    onOrder(quality.value)
      .catch((error) => node.append(trouble(error)))
      .finally(() => (send.disabled = false));
  });
  return node;
}

function qualityName(key) {
  if (key === "best") return say("best");
  return key === "audio" ? say("sound_only") : key;
}
