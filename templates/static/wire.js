// The API: requests that answer or throw one explained trouble, and the stream of job events.

import { say } from "./words.js";

const AGAIN_MS = 3000;

export class Trouble extends Error {
  constructor({ code, message, hint = "", retry = false, next = "" }) {
    super(message);
    Object.assign(this, { code, hint, retry, next });
  }
}

// Whether the same may succeed later, also where somebody has to wait for something.
export function mayPass({ retry, next }) {
  return retry || next === "when_live";
}

export async function ask(method, path, body, signal) {
  let response;
  let answer;
  try {
    response = await fetch(path, {
      method,
      signal,
      headers: body ? { "content-type": "application/json" } : {},
      body: body && JSON.stringify(body),
    });
    answer = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    const message = say("unreachable");
    throw new Trouble({ code: "unreachable", message, hint: say("unreachable_hint"), retry: true });
  }
  if (response.status === 401) location.reload(); // the key was changed or let go: the reload asks for it
  if (!answer.ok) throw new Trouble(answer.error);
  return answer;
}

// One stream for all open jobs: a browser has only six connections to a server. `onJob`: a state; `onGone`: an id that
// the server doesn't know; `onLost`: whether the connection is down; `onClosed`: asks for each job by itself.
export class Stream {
  #source = null;
  #ids = "";
  #timer = 0;

  constructor(ears) {
    Object.assign(this, ears);
  }

  follow(ids) {
    const wanted = ids.join(",");
    if (wanted === this.#ids) return;
    this.#ids = wanted;
    this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    if (!this.#ids) {
      this.onLost(false);
      return;
    }
    const source = new EventSource(`/api/v1/downloads/events?ids=${this.#ids}`);
    this.#source = source;
    source.onopen = () => this.onLost(false);
    source.onmessage = (event) => this.onJob(JSON.parse(event.data));
    source.addEventListener("gone", (event) => this.onGone(JSON.parse(event.data).id));
    source.onerror = () => {
      this.onLost(true);
      // After an error status the browser gives up and doesn't tell which one, nor that nothing follows.
      if (source.readyState === EventSource.CLOSED) this.#timer = setTimeout(() => this.#reopen(source), AGAIN_MS);
    };
  }

  async #reopen(source) {
    await this.onClosed();
    if (this.#source === source) this.#open();
  }
}
