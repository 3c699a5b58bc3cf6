// The list of downloads: progress, cancel, save; it outlives a reload.

import { announce, button, complain, el, icon, picture, trouble } from "./dom.js";
import { forget, recall, remember, remembered } from "./store.js";
import { Stream, ask, mayPass } from "./wire.js";
import { lengthText, say, sizeText, timeText } from "./words.js";

const AGAIN_MS = 2000;
const list = document.getElementById("jobs");
const section = document.getElementById("downloads");
const lost = document.getElementById("lost");
const welcome = document.getElementById("welcome");

const jobs = new Map(); // id -> {job, node, live}
const stream = new Stream({
  onJob: update,
  onGone: lose,
  onClosed: () => Promise.all(openJobs().map(lookAgain)),
  onLost: (isLost) => {
    lost.hidden = !isLost;
    lost.textContent = isLost ? say("lost") : "";
  },
});

// Bring back what this browser ordered before; what the server no longer knows is forgotten.
export async function restore() {
  const entries = remembered().filter((entry) => !entry.batch);
  showSections();
  await Promise.all(entries.reverse().map((entry) => bringBack(entry)));
}

// `lower`: the qualities below the one ordered, best first; offered where it turns out to be too much.
export async function order(body, lower = []) {
  const { job } = await ask("POST", "/api/v1/downloads", body);
  remember(job.id, { lower });
  add(job, true);
  jobs.get(job.id).node.scrollIntoView({ block: "nearest" });
}

async function bringBack(entry) {
  try {
    const { job } = await ask("GET", `/api/v1/downloads/${entry.id}`);
    add(job, !job.final);
  } catch (error) {
    if (error.retry) setTimeout(() => bringBack(entry), AGAIN_MS);
    else forget(entry.id);
  }
}

function add(job, live) {
  const node = el("li.card.job", { id: `job-${job.id}` });
  jobs.set(job.id, { job, node, live });
  // Ids sort by time, and the newest stands first.
  const older = [...list.children].find((other) => other.id < node.id);
  list.insertBefore(node, older ?? null);
  update(job);
}

function update(job) {
  const entry = jobs.get(job.id);
  if (!entry) return;
  const changed = entry.job.phase !== job.phase || !entry.node.firstChild;
  entry.job = job;
  if (changed) draw(entry);
  else drawProgress(entry);
  if (job.final && entry.live) {
    entry.live = false;
    finish(entry);
  }
  stream.follow(openJobs().map((open) => open.id));
  showSections();
}

function openJobs() {
  return [...jobs.values()].map(({ job: each }) => each).filter((each) => !each.final);
}

// The stream is closed and doesn't say why.
async function lookAgain({ id }) {
  try {
    update((await ask("GET", `/api/v1/downloads/${id}`)).job);
  } catch (error) {
    if (error.code === "not_found") lose(id);
  }
}

// The server was restarted without its data: the card stays as long as the page, to order again.
function lose(id) {
  forget(id);
  const entry = jobs.get(id);
  if (entry && !entry.job.final) update({ ...entry.job, phase: "gone", final: true, progress: null, files: [] });
}

// The file is handed over by itself, once, to whoever waited for it.
function finish({ job, node }) {
  if (job.phase === "done" && job.files.length) {
    announce(say("said_ready", { title: job.title }));
    if (job.files.length === 1) node.querySelector("a.save")?.click();
  } else if (job.error) {
    announce(job.error.message);
  }
}

function remove(id) {
  const { node } = jobs.get(id);
  const next = node.nextElementSibling ?? node.previousElementSibling;
  jobs.delete(id);
  forget(id);
  node.remove();
  (next?.querySelector("a, button") ?? document.getElementById("link")).focus();
  showSections();
}

export function showSections() {
  section.hidden = jobs.size === 0 && !document.getElementById("batches").firstChild;
  welcome.hidden = !section.hidden || remembered().length > 0;
}

// --- one job ---------------------------------------------------------------------------------------------------------

function draw(entry) {
  const { job, node } = entry;
  const focused = node.contains(document.activeElement);
  node.classList.toggle("open", !job.final);
  const name = job.title || job.files[0]?.name || job.url;
  node.replaceChildren(
    picture(job.thumbnail, /^(audio|mp3|m4a|opus)$/.test(job.quality) ? "sound" : "film"),
    el("h3", { title: name }, name),
    el("div.state"),
    el("div.buttons", {}, ...buttons(job, name)),
  );
  const wide = job.phase === "failed" && job.error ? trouble(job.error) : job.files.length > 1 ? saves(job) : null;
  if (!job.final) node.append(el("div.wide", {}, bar()));
  else if (wide) node.append(el("div.wide", {}, wide));
  drawProgress(entry);
  if (focused) (node.querySelector(".buttons .button") ?? document.getElementById("link")).focus();
}

// Where the server says no, the card says why.
function tell(job, method, path, body) {
  return ask(method, `/api/v1/downloads/${job.id}${path}`, body).then(
    ({ job: now }) => update(now),
    (error) => (error.code === "not_found" ? lose(job.id) : complain(jobs.get(job.id).node, error)),
  );
}

function buttons(job, name) {
  if (!job.final) {
    const cancel = () => tell(job, "DELETE", "");
    const stop = button("quiet", "close", say("cancel"), say("cancel_named", { title: name }), cancel);
    if (job.phase !== "recording") return [stop];
    const finish = () => tell(job, "POST", "/finish", {});
    return [button("again", "save", say("finish"), say("finish_named", { title: name }), finish), stop];
  }
  const shown = [];
  if (job.files.length === 1) shown.push(saveLink(job.files[0], say("save")));
  else if (job.expired || job.phase === "cancelled" || job.phase === "gone" || (job.error && mayPass(job.error))) {
    shown.push(button("again", "again", say("again"), "", () => repeat(job)));
  }
  const [lower] = job.error?.next === "lower_quality" ? recall(job.id).lower ?? [] : [];
  if (lower) shown.unshift(button("again", "save", say("lower", { name: lower.label }), "", () => repeat(job, lower.key)));
  const title = say("remove_named", { title: name });
  shown.push(button("quiet", "close", "", title, () => remove(job.id)));
  return shown;
}

// An offer keeps title and picture, but not for ever; the link always works.
function repeat(job, quality = job.quality) {
  const { offer, url } = job;
  const { node } = jobs.get(job.id);
  const part = partOf(job);
  const known = recall(job.id).lower ?? [];
  const lower = known.slice(known.findIndex(({ key }) => key === quality) + 1);
  const byLink = () => order({ url, quality, ...part }, lower);
  const byOffer = () => order({ offer, quality, ...part }, lower).catch((error) => (error.code === "expired" ? byLink() : Promise.reject(error)));
  (offer ? byOffer() : byLink()).then(
    () => remove(job.id),
    (error) => complain(node, error),
  );
}

function partOf({ part }) {
  const [kind, value] = part.split(":");
  if (kind === "live") return { minutes: Number(value) };
  if (kind !== "clip") return {};
  const [start, end] = value.split("-");
  return { start, end };
}

export function saveLink(file, text) {
  const label = say("save_named", { name: file.name });
  const props = { href: file.url, download: file.name, title: file.name, "aria-label": label };
  return el("a.button.primary.save", props, icon("save"), el("span", {}, text));
}

function saves(job) {
  const links = job.files.map((file, index) => saveLink(file, `${index + 1} \u00b7 ${sizeText(file.size_bytes)}`));
  return el("div.saves", {}, ...links);
}

export function bar() {
  return el("div.bar", { role: "progressbar", "aria-label": say("downloading") }, el("i"));
}

function drawProgress({ job, node: place }) {
  place.querySelector(".state").textContent = [qualityText(job.quality), stateText(job)].filter(Boolean).join(" \u00b7 ");
  const track = place.querySelector(".bar");
  if (!track) return;
  const progress = job.progress;
  const [part, whole] = progress?.total_seconds ? [progress.done_seconds, progress.total_seconds] : [progress?.done_bytes, progress?.total_bytes];
  const share = whole ? Math.min(1, part / whole) : null;
  track.classList.toggle("wandering", share === null && job.phase !== "queued");
  if (share === null) {
    track.removeAttribute("aria-valuenow");
    track.firstChild.style.width = "";
  } else {
    track.setAttribute("aria-valuenow", Math.round(share * 100));
    track.firstChild.style.width = `${(share * 100).toFixed(1)}%`;
  }
}

function qualityText(key) {
  if (key === "best") return "";
  return key === "audio" ? say("sound_only") : key;
}

// Why it waits, where there is a reason besides those before it; its place; when it should be there.
function waitText(job) {
  return [
    job.error ? say("waits", { why: job.error.message }) : "",
    job.position ? say("queued_behind", { position: job.position }) : job.error ? "" : say(job.phase),
    job.eta_seconds ? say("ready_in", { time: timeText(job.eta_seconds) }) : "",
  ].filter(Boolean).join(" \u00b7 ");
}

function stateText(job) {
  if (job.expired) return say("expired");
  if (job.phase === "failed") return "";
  if (job.phase === "done") return `${say("done")} \u00b7 ${sizeText(job.files.reduce((sum, file) => sum + file.size_bytes, 0))}`;
  if (job.phase === "queued" || (job.error && !job.final)) return waitText(job);
  const progress = job.progress;
  if (job.phase === "recording" && progress?.total_seconds) {
    const recorded = say("recorded", { done: lengthText(progress.done_seconds), total: lengthText(progress.total_seconds) });
    return `${say("recording")} \u00b7 ${recorded} \u00b7 ${sizeText(progress.done_bytes)}`;
  }
  if (job.phase !== "downloading" || !progress?.done_bytes) return say(job.phase);
  const done = sizeText(progress.done_bytes);
  return [
    progress.total_bytes ? say("amount", { done, total: sizeText(progress.total_bytes) }) : done,
    progress.speed ? say("speed", { speed: sizeText(progress.speed) }) : "",
    progress.eta_seconds ? say("left", { time: timeText(progress.eta_seconds) }) : "",
  ].filter(Boolean).join(" \u00b7 ");
}
