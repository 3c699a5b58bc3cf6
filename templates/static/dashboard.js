// The operator's view: /status every few seconds, drawn anew; not while nobody looks.

import { el } from "./dom.js";
import { has, say, sizeText, timeText } from "./words.js";

const EVERY_MS = 5000;
const PATIENCE_MS = 15000;
const FULL = 0.8;
// everything else is bad
const MARKS = {
  ...{ running: "good", closed: "good", info: "good" },
  ...{ starting: "warn", degraded: "warn", half_open: "warn", warning: "warn" },
};

let timer = 0;
let asking = false;
let seenAt = null;

const place = (id) => document.getElementById(id);
const line = (text) => el("p.soft", {}, text);
const mark = (word) => el(`span.mark.${MARKS[word] ?? "bad"}`, {}, known(word, word));
const clock = (epoch) => new Date(epoch * 1000).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
const number = (value) => new Intl.NumberFormat().format(value);
const known = (word, fallback) => (has(word) ? say(word) : fallback);

// "120 ms", "3.4 s", "2 min"
function tookText(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 90000 ? `${(ms / 1000).toFixed(1)} s` : timeText(ms / 1000);
}

function bar(share, label) {
  const held = Math.min(1, Math.max(0, share));
  const inner = el("i");
  inner.style.width = `${100 * held}%`;
  const now = Math.round(100 * held);
  const values = { "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": now };
  return el(share >= FULL ? "div.bar.full" : "div.bar", { role: "meter", ...values }, inner);
}

function table(heads, rows) {
  const head = el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)));
  const body = rows.map((cells) => el("tr", {}, ...cells.map((cell) => el("td", {}, cell))));
  return el("div.wide", {}, el("table", {}, el("thead", {}, head), el("tbody", {}, ...body)));
}

function list(items) {
  return el("ul.lines", {}, ...items.map((parts) => el("li", {}, ...parts)));
}

function health({ system }) {
  const ill = Object.entries(system.parts).filter(([, part]) => !part.ok && part.state !== "waiting");
  const told = ill.map(([name, part]) => [el("strong", {}, name), ` ${part.detail || part.state}`]);
  return [
    el("p", {}, mark(system.state)),
    line(say("uptime", { time: system.uptime })),
    ill.length ? list(told) : line(say("all_well")),
  ];
}

function alerts({ alerts: { active = [], last } }) {
  const lines = active.map((rule) => [
    mark(rule.level),
    ` ${rule.name} `,
    el("span.soft", {}, say("since", { time: clock(rule.since) })),
  ]);
  return [
    lines.length ? list(lines) : line(say("no_alerts")),
    last && line(say("last_alert", { name: last.name, kind: say(last.kind), time: clock(last.at) })),
  ];
}

function memory({ system }) {
  if (system.memory_bytes === null) return [line(say("memory_unknown"))];
  const share = Number(/\((\d+)%\)/.exec(system.memory_usage)[1]);
  const told = say("memory_of", { share });
  return [el("p.big", {}, sizeText(system.memory_bytes)), bar(share / 100, told), line(told)];
}

function queue({ queue: jobs }) {
  if (jobs.bound === undefined) return [line(say("none_yet"))];
  const told = say("queue_of", { count: number(jobs.open), bound: number(jobs.bound) });
  const states = [
    say("waiting", { count: number(jobs.accepted) }),
    say("working", { count: number(jobs.running) }),
    say("sending", { count: number(jobs.sending) }),
  ];
  const shown = bar(jobs.open / jobs.bound, told);
  return [el("p.big", {}, number(jobs.open)), shown, line(told), line(states.join(" \u00b7 "))];
}

function work({ downloads, monitoring: { phases = {}, error_rate: rate = null } }) {
  if (downloads.total === undefined) return [line(say("none_yet"))];
  const rows = Object.entries(phases).map(([name, spent]) => [
    known(name, name),
    number(spent.count),
    ...[spent.avg_ms, spent.p50_ms, spent.p95_ms].map(tookText),
  ]);
  const heads = ["phase", "count", "mean", "median", "slowest"].map((word) => say(word));
  return [
    el("p.big", {}, say("jobs_total", { count: number(downloads.total) })),
    line(say("jobs_well", { share: downloads.success_rate })),
    line(rate === null ? say("error_unknown") : say("error_rate", { share: rate })),
    rows.length ? table(heads, rows) : null,
  ];
}

function sites({ platforms, breakers }) {
  const names = [...new Set([...Object.keys(platforms), ...Object.keys(breakers)])].sort();
  if (!names.length) return [line(say("none_yet"))];
  const rows = names.map((name) => {
    const { success = 0, failed = 0 } = platforms[name] ?? {};
    const { state = "closed", hosts_open: open = 0 } = breakers[name] ?? {};
    const shown = open ? el("span.mark.warn", {}, say("sites_open", { count: number(open) })) : mark(state);
    return [name, number(success), number(failed), shown];
  });
  return [table(["site", "good", "bad", "breaker"].map((word) => say(word)), rows)];
}

function failures({ monitoring: { notable = [] } }) {
  if (!notable.length) return [line(say("no_failures"))];
  const told = notable.map((trace) => {
    const last = trace.phases.at(-1)?.name ?? "";
    const values = { site: trace.platform, code: trace.error, phase: known(last, last), time: tookText(1000 * trace.seconds) };
    const when = el("span.soft", {}, ` ${clock(trace.began_at)}`);
    return [say(trace.outcome === "failed" ? "failure" : "slow", values), when];
  });
  return [list(told)];
}

const CARDS = { health, alerts, memory, queue, work, sites, failures };

async function look() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  try {
    const answer = await fetch("/status", { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (answer.status === 401) location.reload(); // the key was changed: the reload asks for it
    if (!answer.ok) throw new Error(answer.statusText);
    const status = await answer.json();
    for (const [id, draw] of Object.entries(CARDS)) {
      place(id).replaceChildren(...draw(status).filter((node) => node !== null && node !== undefined));
    }
    seenAt = Date.now() / 1000;
    place("fresh").textContent = say("fresh", { time: new Date().toLocaleTimeString() });
    place("fresh").classList.remove("stale");
  } catch {
    place("fresh").textContent = say("stale", { time: seenAt ? clock(seenAt) : "\u2013" });
    place("fresh").classList.add("stale");
  } finally {
    asking = false;
    if (!document.hidden) timer = setTimeout(look, EVERY_MS);
  }
}

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : look()));
look();
