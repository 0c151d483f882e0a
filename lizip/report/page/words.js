"use strict";
// Numbers as people read them, and elements.

const THIN = "\u202f";

function grouped(number) {
  return Math.round(number).toLocaleString("en-US");
}

function short(number) {
  if (number === 0) return "0";
  const size = Math.abs(number);
  if (size >= 1e5 || size < 1e-4) return number.toExponential(1).replace("e-", "e−");
  return String(Number(number.toPrecision(3)));
}

function inBytes(size) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let power = 0;
  while (size >= 999.5 && power < 4) { size /= 1000; power += 1; }
  return `${power ? size.toPrecision(3) : size}${THIN}${units[power]}`;
}

function inSeconds(seconds) {
  if (seconds === null) return "—";
  return seconds < 1 ? `${short(seconds * 1000)}${THIN}ms` : `${short(seconds)}${THIN}s`;
}

function inMetres(metres) {
  const size = Math.abs(metres);
  if (size === 0) return `0${THIN}m`;
  for (const [unit, factor] of [["m", 1], ["mm", 1e-3], ["µm", 1e-6]]) {
    if (size >= factor) return `${short(metres / factor)}${THIN}${unit}`;
  }
  return `${short(metres / 1e-9)}${THIN}nm`;
}

function withUnit(number, unit) {
  if (unit === "m") return inMetres(number);
  return unit ? `${short(number)}${THIN}${unit}` : short(number);
}

// element("td", {class: "right"}, "text", otherElement)
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function shapeOf(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const tip = {
  box: document.getElementById("tip"),
  show(event, text) {
    this.box.textContent = text;
    this.box.hidden = false;
    const width = this.box.offsetWidth;
    const left = Math.min(event.clientX + 14, window.innerWidth - width - 8);
    this.box.style.left = `${Math.max(8, left)}px`;
    this.box.style.top = `${Math.min(event.clientY + 16, window.innerHeight - this.box.offsetHeight - 8)}px`;
  },
  hide() { this.box.hidden = true; },
};
