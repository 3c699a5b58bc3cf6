// The downloads of this browser, kept over a reload: newest first, bounded.

const KEY = "goldcrest.downloads";
const BOUND = 20;

export function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return []; // storage is off or was tampered with
  }
}

export function remember(id, facts = {}) {
  const others = remembered();
  const index = others.findIndex((entry) => entry.id === id);
  if (index >= 0) Object.assign(others[index], facts);
  else others.unshift({ id, ...facts });
  keep(others.slice(0, BOUND));
}

// What was noted of one, {} where nothing was.
export function recall(id) {
  return remembered().find((entry) => entry.id === id) ?? {};
}

export function forget(id) {
  keep(remembered().filter((entry) => entry.id !== id));
}

function keep(entries) {
  try {
    localStorage.setItem(KEY, JSON.stringify(entries));
  } catch {
    // a private window without storage: the list lasts as long as the page
  }
}
