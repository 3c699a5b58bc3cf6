// Elements made in one line; text is always set as text.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  save: "M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 19.5h14",
  close: "M6 6l12 12M18 6 6 18",
  again: "M19 12a7 7 0 1 1-2.1-5M19 3v4.5h-4.5",
  film: "M4 6h16v12H4zM8 6v12M16 6v12M4 10h4M4 14h4M16 10h4M16 14h4",
  sound: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
};

export function el(name, props = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const node = document.createElement(tag);
  node.classList.add(...classes);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// A picture, or a sign in its place where there is none.
export function picture(url, sign, ...over) {
  const frame = el("div.picture", {}, ...over);
  const bare = () => {
    frame.classList.add("empty");
    frame.prepend(icon(sign));
  };
  if (url) {
    const image = el("img", { src: url, alt: "", decoding: "async", onerror: () => (image.remove(), bare()) });
    frame.prepend(image);
  } else {
    bare();
  }
  return frame;
}

export function button(kind, sign, text, label, onclick) {
  return el(`button.button.${kind}`, { type: "button", "aria-label": label || null, onclick }, icon(sign), text && el("span", {}, text));
}

// A failure: its sentence, the next step, and what it is about where that isn't plain.
export function trouble({ message, hint }, about = "") {
  return el("div.trouble", { role: "alert" }, about && el("small", {}, about), el("strong", {}, message), hint || "");
}

// The same in a card, in place of the one before.
export function complain(card, error) {
  card.querySelector(".complaint")?.remove();
  card.append(el("div.wide.complaint", {}, trouble(error)));
  announce(error.message);
}

export function announce(text) {
  document.getElementById("said").textContent = text;
}
