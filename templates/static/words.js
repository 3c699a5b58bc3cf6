// Words that the page came with, and sizes, lengths and times written out.

const words = JSON.parse(document.getElementById("words").textContent);
const STEP = 1024;
const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function has(key) {
  return key in words;
}

export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// "812 B", "12.3 MB", "1.95 GB"
export function sizeText(bytes) {
  let size = bytes;
  let unit = 0;
  while (size >= STEP && unit < UNITS.length - 1) {
    size /= STEP;
    unit += 1;
  }
  return `${size.toFixed(Math.max(0, unit - 1))} ${UNITS[unit]}`;
}

// "0:07", "3:05", "1:02:03"
export function lengthText(seconds) {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
}

// "45 s", "3 min", "2 h"; rounded so that it doesn't flicker
export function timeText(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

export function siteOf(url) {
  try {
    return new URL(url).hostname.replace(/^www\./, "");
  } catch {
    return "";
  }
}
