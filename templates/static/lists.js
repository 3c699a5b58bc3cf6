// A list, or many links: what it holds, which items, which quality, one button.

import { el, trouble } from "./dom.js";
import { ask } from "./wire.js";
import { lengthText, say, siteOf } from "./words.js";

const PAGE = 20;
const QUALITIES = ["best", "1080p", "720p", "480p", "360p", "audio", "mp3"];

// The card of a list: its first items, and the form to order some of them or all.
export function listCard(list, onOrder) {
  const count = list.total === null ? "" : say("list_items", { count: list.total });
  const about = [list.uploader, siteOf(list.url), count].filter(Boolean).join(" \u00b7 ");
  const entries = el("ol.entries", { start: list.first, tabindex: -1 }, ...list.entries.map(row));
  const items = el("input", { name: "items", type: "text", maxlength: 1000, placeholder: say("list_all"), autocomplete: "off", "aria-describedby": "range-hint" });
  return [
    el("div.media.bare", {}, el("div", {}, el("h2.title", {}, list.title), el("p.about", {}, about))),
    entries,
    list.more ? leaf(list, entries) : null,
    form(
      [el("label", {}, say("list_which"), items)],
      el("p.about", { id: "range-hint" }, say("list_hint")),
      say("list_get"),
      (quality) => onOrder({ url: list.url, items: items.value, quality }),
    ),
  ].filter(Boolean);
}

function row(entry) {
  const length = entry.duration_seconds ? el("small", {}, lengthText(entry.duration_seconds)) : null;
  return el("li", { value: entry.position }, el("span", {}, entry.title || entry.url), length);
}

// A button that leafs on; it leaves with the last item.
function leaf(list, entries) {
  let first = list.first + list.entries.length;
  const place = el("div.leaf");
  const next = el("button.button.quiet", { type: "button" }, el("span", {}, say("list_more")));
  next.addEventListener("click", async () => {
    next.disabled = true;
    place.querySelector(".trouble")?.remove();
    try {
      const { list: page } = await ask("POST", "/api/v1/lists", { url: list.url, first, count: PAGE });
      entries.append(...page.entries.map(row));
      first += page.entries.length;
      if (page.more && page.entries.length) return;
      place.remove();
      entries.focus();
    } catch (error) {
      place.append(trouble(error));
    } finally {
      next.disabled = false;
    }
  });
  place.append(next);
  return place;
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
