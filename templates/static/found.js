// What a link leads to: one card per link with its picture and a button per quality.

import { announce, button, el, picture, trouble } from "./dom.js";
import { listCard, manyCard } from "./lists.js";
import { ask, mayPass } from "./wire.js";
import { lengthText, say, siteOf, sizeText } from "./words.js";

const LINK = /https?:\/\/[^\s<>"]+/g;
const BARE = /^(https?:\/\/)?[\w-]+(\.[\w-]+)+\/\S+$/;
const LINKS = 10;
const MINUTES = [1, 5, 15, 30, 60];
const SOUND = new Set(["audio", "mp3", "m4a", "opus"]);

const place = document.getElementById("found");
let current = null;

// Several links in one text get a card each; anything else is left to the server, which reads links in prose.
export function lookUp(text, onChoice, onBatch) {
  current?.abort();
  current = new AbortController();
  const words = text.trim().split(/\s+/);
  const links = [...new Set(words.every((word) => BARE.test(word)) ? words : text.match(LINK) ?? [])];
  const texts = links.length > 1 ? links.slice(0, LINKS) : [text.trim()];
  const { signal } = current;
  const cards = texts.map((link) => card(link, { onChoice, onBatch, signal, several: texts.length > 1 }));
  place.replaceChildren(...(links.length > 1 ? [manyCard(links, onBatch)] : []), ...cards);
}

function card(link, means) {
  const { onChoice, onBatch, signal, several } = means;
  const site = siteOf(link) || link.slice(0, 60);
  const node = el("article.card", { "aria-busy": "true" }, waiting(say("looking", { site })));
  announce(say("looking", { site }));
  ask("POST", "/api/v1/probe", { url: link }, signal)
    .then((answer) => {
      const whole = answer.list_url ? wholeList(answer.list_url, onChoice, onBatch) : null;
      node.replaceChildren(...(answer.list ? listCard(answer.list, onBatch) : shown(answer, onChoice)), whole ?? "");
      announce(say("said_found", { title: (answer.list ?? answer.media).title }));
    })
    .catch((error) => {
      if (error.name === "AbortError") return;
      const told = trouble(error, several ? link : "");
      const again = () => told.replaceWith(card(link, means));
      if (mayPass(error)) told.append(button("again", "again", say("try_again"), "", again));
      node.replaceWith(told);
    })
    .finally(() => node.removeAttribute("aria-busy"));
  return node;
}

// A video that was opened from a list: the list is one press away.
function wholeList(url, onChoice, onBatch) {
  const look = () => lookUp(url, onChoice, onBatch);
  return el("button.button.quiet", { type: "button", onclick: look }, el("span", {}, say("list_whole")));
}

function waiting(text) {
  return el("div.media", {}, el("div.picture.skeleton"), el("div", {}, el("p.about", {}, text), el("div.skeleton.line"), el("div.skeleton.line.short")));
}

function shown({ media, offer, thumbnail, start_seconds, end_seconds, live_minutes }, onChoice) {
  const length = media.duration_seconds ? el("span.length", {}, lengthText(media.duration_seconds)) : null;
  const missing = media.missing ? el("p.about", {}, say("missing", { count: media.missing })) : "";
  const words = el("div", {}, el("h2.title", {}, media.title || media.id), el("p.about", {}, about(media)), missing);
  const head = thumbnail
    ? el("div.media", {}, picture(thumbnail, "film", length ?? ""), words)
    : el("div.media.bare", {}, words);
  if (media.is_live) return [head, minutes(live_minutes, (part) => onChoice({ offer, quality: "best", part }))];
  const part = clip(media, start_seconds, end_seconds);
  const { best, offered } = menu(media.qualities);
  const pictures = offered.filter((quality) => !SOUND.has(quality.key));
  const sounds = offered.filter((quality) => SOUND.has(quality.key));
  const choose = (quality) =>
    onChoice({ offer, quality: quality.key, part: part.value(), lower: below(quality, media.qualities) });
  return [
    head,
    choices(say("pick"), pictures, best, choose),
    choices(pictures.length ? say("sound_only") : say("pick"), sounds, best, choose),
    part.node,
  ].filter(Boolean);
}

// Two times for a clip, filled with where the link points to; nothing for what has no length.
function clip(media, start, end) {
  if (!media.duration_seconds) return { node: null, value: () => ({}) };
  const field = (name, seconds) =>
    el("input", { name, type: "text", inputmode: "numeric", size: "8", maxlength: "12", placeholder: "0:00", "aria-label": say(`clip_${name}`), value: seconds ? lengthText(seconds) : null });
  const [from, to] = [field("from", start), field("to", end)];
  const row = el("div.clip", {}, el("span", {}, say("clip_from")), from, el("span", {}, say("clip_to")), to);
  const node = el("fieldset", {}, el("legend", {}, say("clip")), row, el("small", {}, say("clip_hint")));
  return { node, value: () => (from.value.trim() || to.value.trim() ? { start: from.value.trim(), end: to.value.trim() } : {}) };
}

function minutes(most, choose) {
  const offered = MINUTES.filter((count) => count <= most);
  const buttons = (offered.length ? offered : [most]).map((count) =>
    el("button.button.quality", { type: "button", onclick: once(() => choose({ minutes: count })) }, el("strong", {}, say("minutes", { count }))),
  );
  return el("fieldset", {}, el("legend", {}, say("record")), el("div.qualities", {}, ...buttons));
}

// "best" leads the list and is one of the others as a rule: that one is marked, and stands once.
function menu(qualities) {
  const first = qualities.find((quality) => quality.key === "best") ?? qualities.find((quality) => quality.fits);
  const twin = qualities.find((other) => other !== first && other.label === first.label && other.size_bytes === first.size_bytes);
  return { best: twin ?? first, offered: twin ? qualities.filter((quality) => quality !== first) : qualities };
}

// What fits and is less, best first, the sound alone at the end.
function below(quality, qualities) {
  if (SOUND.has(quality.key)) return [];
  const fitting = qualities.filter((other) => other.fits && other.key !== "best");
  const pictures = fitting.filter((other) => other.height && other.height < quality.height);
  return [...pictures, ...fitting.filter((other) => other.key === "audio")].map(({ key, label }) => ({ key, label }));
}

// The second click of a double click orders nothing, nor does another one before the order is answered.
function once(choose) {
  return async ({ currentTarget: pressed, detail }) => {
    if (detail > 1) return;
    const buttons = [...pressed.closest(".card").querySelectorAll(".quality:enabled")];
    for (const each of buttons) each.disabled = true;
    await choose();
    for (const each of buttons) each.disabled = false;
    if (document.activeElement === document.body) pressed.focus({ preventScroll: true });
  };
}

function about(media) {
  const length = media.thumbnail || !media.duration_seconds ? "" : lengthText(media.duration_seconds);
  return [media.uploader, siteOf(media.url), length, media.is_live ? say("live") : ""].filter(Boolean).join(" \u00b7 ");
}

function choices(title, qualities, best, choose) {
  if (!qualities.length) return null;
  const buttons = qualities.map((quality) => {
    const size = quality.size_bytes ? sizeText(quality.size_bytes) : say("size_unknown");
    const note = quality.fits ? size : `${size}, ${say("too_large")}`;
    const kind = quality === best ? "button.button.quality.primary" : "button.button.quality";
    const props = { type: "button", disabled: !quality.fits, onclick: once(() => choose(quality)) };
    return el(kind, props, el("strong", {}, quality.label), el("small", {}, note));
  });
  return el("fieldset", {}, el("legend", {}, title), el("div.qualities", {}, ...buttons));
}
