// Batches: one card each with counts, cancel, the files as they come, failures at the end; they outlive a reload.

import { announce, button, complain, el } from "./dom.js";
import { bar, saveLink, showSections } from "./jobs.js";
import { forget, recall, remember, remembered } from "./store.js";
import { ask } from "./wire.js";
import { say } from "./words.js";

const LOOK_MS = 1000;
const REFUSED_BOUND = 50;
const list = document.getElementById("batches");

export async function restoreBatches() {
  const entries = remembered().filter((entry) => entry.batch);
  await Promise.all(entries.reverse().map((entry) => bringBack(entry.id)));
}

export async function orderBatch(body) {
  const { batch, refused } = await ask("POST", "/api/v1/batches", body);
  const told = refused.slice(0, REFUSED_BOUND).map(({ text, error }) => ({ text: text.slice(0, 200), message: error.message }));
  remember(batch.id, { batch: true, refused: told });
  const card = add(batch);
  card.node.scrollIntoView({ block: "nearest" });
}

async function bringBack(id) {
  try {
    add((await ask("GET", `/api/v1/batches/${id}`)).batch);
  } catch (error) {
    if (error.retry) setTimeout(() => bringBack(id), LOOK_MS);
    else forget(id);
  }
}

function add(batch) {
  const card = {
    batch,
    node: el("li.card.job.batch.open"),
    state: el("div.state"),
    bar: bar(),
    buttons: el("div.buttons"),
    files: el("div.saves"),
    failures: el("ul.failures"),
    done: 0,
  };
  const title = batch.title || say("many_links", { count: batch.total });
  const bad = (recall(batch.id).refused ?? []).map(({ text, message }) => el("li", {}, el("strong", {}, text), ` ${message}`));
  card.node.append(
    el("h3", { title }, title),
    card.state,
    card.buttons,
    el("div.wide", {}, card.bar, card.files, card.failures, bad.length ? el("ul.failures.refused", {}, ...bad) : ""),
  );
  list.prepend(card.node);
  draw(card, title);
  look(card, title);
  return card;
}

// Asked again once a second: a stream for each batch would take one of the browser's six connections.
async function look(card, title) {
  while (card.node.isConnected) {
    if (card.batch.counts.done !== card.done) await showFiles(card);
    if (card.batch.final) return;
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
    try {
      const { batch } = await ask("GET", `/api/v1/batches/${card.batch.id}`);
      card.batch = batch;
      draw(card, title);
      if (batch.final) announce(say("batch_ended", { title, done: batch.counts.done, total: batch.total }));
    } catch (error) {
      if (error.code === "not_found") return lose(card, title);
      if (!error.retry) return complain(card.node, error);
    }
  }
}

// The server was restarted without its data.
function lose(card, title) {
  forget(card.batch.id);
  card.batch = { ...card.batch, final: true, running: [] };
  draw(card, title);
  card.state.textContent = say("gone");
}

function draw({ batch, state, bar: track, buttons, failures }, title) {
  const { done, failed, cancelled } = batch.counts;
  const ended = done + failed + cancelled;
  state.textContent = [
    batch.total === null ? say("batch_done", { done }) : say("batch_of", { done, total: batch.total }),
    failed ? say("batch_failed", { count: failed }) : "",
    batch.cancelled ? say("cancelled") : "",
    batch.final ? "" : batch.running.join(", "),
  ].filter(Boolean).join(" \u00b7 ");
  track.hidden = batch.final;
  track.classList.toggle("wandering", batch.total === null);
  if (batch.total) {
    track.setAttribute("aria-valuenow", Math.round((100 * ended) / batch.total));
    track.firstChild.style.width = `${((100 * ended) / batch.total).toFixed(1)}%`;
  }
  failures.replaceChildren(
    ...(batch.error ? [el("li", {}, batch.error.message)] : []),
    ...batch.failures.map((each) => el("li", { value: each.position }, el("strong", {}, each.title || each.url), ` ${each.error.message}`)),
  );
  drawButton(buttons, batch, title);
}

function drawButton(place, batch, title) {
  const kind = batch.final ? "remove" : batch.cancelled ? "" : "cancel";
  if (place.dataset.kind === kind) return;
  place.dataset.kind = kind;
  const stop = () =>
    ask("DELETE", `/api/v1/batches/${batch.id}`).then(() => place.replaceChildren(), (error) => complain(place.parentNode, error));
  const leave = (event) => {
    forget(batch.id);
    event.target.closest("li").remove();
    document.getElementById("link").focus();
    showSections();
  };
  if (kind === "cancel") place.replaceChildren(button("quiet", "close", say("cancel"), say("cancel_named", { title }), stop));
  else if (kind) place.replaceChildren(button("quiet", "close", "", say("remove_named", { title }), leave));
  else place.replaceChildren();
  showSections();
}

// The items of several links have no title but the link.
function named({ position, title, url }, file) {
  return `${position} \u00b7 ${title && title !== url ? title : file.name}`;
}

async function showFiles(card) {
  const { done } = card.batch.counts;
  try {
    const { items } = await ask("GET", `/api/v1/batches/${card.batch.id}/items`);
    const files = items.flatMap((item) => item.files.map((file) => saveLink(file, named(item, file))));
    card.files.replaceChildren(...files);
    card.done = done;
  } catch (error) {
    if (!error.retry) card.done = done; // they are asked for again with the next look
  }
}
