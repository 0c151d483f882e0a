"use strict";
// Puts the page together from the numbers in #data.

const data = JSON.parse(document.getElementById("data").textContent);
const part = (id) => document.getElementById(id);

function chooseTheme() {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  part("theme").addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; });
}

function fillHead() {
  part("title").textContent = data.title;
  part("sentence").textContent = data.sentence;
  part("notes").textContent = data.notes.join(" ");
  for (const tile of data.tiles) {
    part("tiles").append(element(
      "div", { class: "tile" }, element("span", {}, tile.label), element("b", {}, tile.value), element("small", {}, tile.note),
    ));
  }
}

// Places as floats around a middle, from steps of the cloud's extent.
function unpackedCloud(points) {
  const steps = new Uint16Array(bytesOf(points.places).buffer);
  const places = new Float32Array(steps.length);
  for (let i = 0; i < steps.length; i += 1) places[i] = points.low[i % 3] + steps[i] * points.step[i % 3];
  return { ...points, places };
}

function paletteOf(channel) {
  const stops = channel.map.map((text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16)));
  const palette = [[88, 92, 104]];
  for (let step = 0; step < 255; step += 1) {
    const at = (step / 254) * (stops.length - 1);
    const first = Math.min(Math.floor(at), stops.length - 2);
    palette.push([0, 1, 2].map((k) => Math.round(stops[first][k] + (at - first) * (stops[first + 1][k] - stops[first][k]))));
  }
  return palette;
}

function coloursOf(channel) {
  const palette = paletteOf(channel);
  const colours = new Uint8Array(3 * channel.codes.length);
  for (let i = 0; i < channel.codes.length; i += 1) colours.set(palette[channel.codes[i]], 3 * i);
  return colours;
}

function valueOf(channel, code) {
  if (code === 0) return null;
  const { low, high } = channel;
  if (!channel.logarithmic) return low + ((code - 1) / 254) * (high - low);
  return code === 1 ? 0 : low * (high / low) ** ((code - 2) / 253);
}

function drawLegend(channel) {
  const legend = part("legend");
  const unit = channel.unit;
  const least = channel.logarithmic ? "0" : withUnit(channel.low, unit);
  const scale = element("span", { class: "scale", style: `background:linear-gradient(90deg, ${channel.map.join(", ")})` });
  const none = channel.codes.includes(0) ? element("span", { class: "none" }, "no number") : null;
  const most = withUnit(channel.high, unit) + (channel.logarithmic || channel.key === "change" ? "" : " and more");
  legend.replaceChildren(...[element("span", {}, least), scale, element("span", {}, most), none, element("span", {}, `${channel.name}: ${channel.meaning}`)].filter(Boolean));
}

function hoverImage(canvas, image, channels) {
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const column = Math.min(Math.floor(((event.clientX - box.left) / box.width) * image.width), image.width - 1);
    const row = Math.min(Math.floor(((event.clientY - box.top) / box.height) * image.height), image.height - 1);
    const point = image.index[row * image.width + column];
    if (!point) { tip.hide(); return; }
    const lines = channels.map((channel) => {
      const value = valueOf(channel, channel.codes[point - 1]);
      return `${channel.name} ${value === null ? "—" : withUnit(value, channel.unit)}`;
    });
    tip.show(event, lines.join("\n"));
  });
  canvas.addEventListener("pointerleave", () => tip.hide());
}

function showPoints() {
  part("points").hidden = false;
  const cloud = unpackedCloud(data.points);
  const channels = data.channels.map((channel) => ({ ...channel, codes: bytesOf(channel.codes) }));
  const image = data.image && { ...data.image, index: new Uint32Array(bytesOf(data.image.index).buffer) };
  if (image) {
    part("image").hidden = false;
    part("imagewords").textContent = image.words;
    part("range").style.aspectRatio = `${image.width} / ${Math.max(image.height, image.width / 9)}`;
    hoverImage(part("range"), image, channels);
  }
  const turnable = new Turnable(part("turn"), cloud);
  let colours = null;
  const redraw = () => { drawAbove(part("above"), cloud, colours); turnable.soon(); };
  const choose = (channel) => {
    for (const button of part("channels").children) button.setAttribute("aria-checked", button.dataset.key === channel.key);
    colours = coloursOf(channel);
    turnable.colour(colours);
    redraw();
    if (image) drawImage(part("range"), image, colours);
    drawLegend(channel);
  };
  for (const channel of channels) {
    const button = element("button", { type: "button", role: "radio", "data-key": channel.key }, channel.name);
    button.addEventListener("click", () => choose(channel));
    part("channels").append(button);
  }
  choose(channels.find((channel) => channel.key === data.first) ?? channels[0]);
  new ResizeObserver(redraw).observe(part("stage"));
}

function showSection(id, draw, ...values) {
  if (!values[0] || !values[0].length) return;
  part(id).hidden = false;
  draw(part(id).querySelector(".body"), ...values);
}

chooseTheme();
fillHead();
if (data.points) showPoints();
if (data.files) {
  part("table").hidden = false;
  part("filesnote").textContent = data.filesNote;
  drawFiles(part("files"), data.fileColumns, data.files);
}
showSection("streams", drawStreams, data.streams, data.count);
showSection("found", drawFound, data.found);
showSection("rings", drawRings, data.rings);
showSection("rivals", drawRivals, data.rivals, data.where);
document.documentElement.dataset.ready = "yes";
