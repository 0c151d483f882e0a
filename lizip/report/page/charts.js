"use strict";
// Bars and tables.

const SHADES = ["#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#c2255c", "#e6a700", "#1971c2", "#868e96"];

// [{name, bytes, meaning}] as one bar and a table.
function drawStreams(body, streams, points) {
  const total = streams.reduce((sum, stream) => sum + stream.bytes, 0);
  const bar = element("div", { class: "stack", "aria-hidden": "true" });
  const rows = element("tbody");
  streams.forEach((stream, place) => {
    const shade = SHADES[Math.min(place, SHADES.length - 1)];
    const part = element("i", { style: `flex:${stream.bytes};background:${shade}` });
    part.addEventListener("pointermove", (event) => tip.show(event, `${stream.name}: ${inBytes(stream.bytes)}`));
    part.addEventListener("pointerleave", () => tip.hide());
    bar.append(part);
    const name = element("td", {}, element("i", { class: "dot", style: `background:${shade}` }), stream.name);
    rows.append(element(
      "tr", {}, name,
      element("td", { class: "right" }, inBytes(stream.bytes)),
      points ? element("td", { class: "right" }, short((8 * stream.bytes) / points)) : null,
      element("td", { class: "right" }, `${short((100 * stream.bytes) / total)}${THIN}%`),
    ));
    if (stream.meaning && stream.meaning !== stream.name) name.append(element("small", {}, stream.meaning));
  });
  const head = element("tr", {}, ...["", "size", ...(points ? ["bits a point"] : []), "share"].map(
    (text, place) => element("th", place ? { class: "right" } : {}, text),
  ));
  body.append(bar, element("table", {}, element("thead", {}, head), rows));
}

// [{ring, elevation, points, bits}], one bar a ring: its bits a point.
function drawRings(body, rings) {
  const place = element("div");
  body.append(place, element("p", { class: "note" }, "Mean bits a point, from the highest ring down."));
  new ResizeObserver(() => place.replaceChildren(ringsChart(rings, Math.max(place.clientWidth, 200)))).observe(place);
}

function ringsChart(rings, width) {
  const [height, left, foot] = [190, 30, 22];
  const chart = shapeOf("svg", { class: "chart", viewBox: `0 0 ${width} ${height}` });
  const mean = rings.map((ring) => (ring.points ? ring.bits / ring.points : 0));
  const most = niceAbove(Math.max(...mean));
  const step = (width - left) / rings.length;
  for (let tick = 0; tick <= 4; tick += 1) {
    const y = 8 + (height - foot - 8) * (1 - tick / 4);
    chart.append(shapeOf("line", { x1: left, x2: width, y1: y, y2: y }));
    const label = shapeOf("text", { x: left - 6, y: y + 4, "text-anchor": "end" });
    label.textContent = short((most * tick) / 4);
    chart.append(label);
  }
  rings.forEach((ring, place) => {
    const tall = ((height - foot - 8) * mean[place]) / most;
    const bar = shapeOf("rect", {
      x: left + place * step + step * 0.12, y: height - foot - tall, width: step * 0.76, height: Math.max(tall, 0.5), rx: Math.min(step * 0.2, 2),
    });
    const where = ring.elevation === null ? "" : ` at ${ring.elevation.toFixed(2)}°`;
    const text = `ring ${ring.ring}${where}\n${short(mean[place])} bits a point, ${grouped(ring.points)} points`;
    bar.addEventListener("pointermove", (event) => tip.show(event, text));
    bar.addEventListener("pointerleave", () => tip.hide());
    chart.append(bar);
  });
  const ends = [[0, "start"], [rings.length - 1, "end"]];
  for (const [place, anchor] of ends) {
    const ring = rings[place];
    const text = shapeOf("text", { x: place ? width : left, y: height - 5, "text-anchor": anchor });
    text.textContent = ring.elevation === null ? `ring ${ring.ring}` : `${ring.elevation > 0 ? "+" : ""}${ring.elevation.toFixed(1).replace("-", "−")}°`;
    chart.append(text);
  }
  return chart;
}

function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((n) => n * power >= value) * power;
}

// [[label, text]]; a label alone heads what follows.
function drawFound(body, lines) {
  const list = element("dl");
  for (const [label, text] of lines) {
    if (text) list.append(element("dt", {}, label), element("dd", {}, text));
    else list.append(element("dt", { class: "sensor" }, label));
  }
  body.append(list);
}

// [{name, size, of, encode, decode, note}], the first one is ours.
function drawRivals(body, rivals, where) {
  const most = Math.max(...rivals.map((rival) => rival.size / rival.of));
  const rows = element("tbody");
  for (const rival of rivals) {
    const share = rival.size / rival.of;
    const name = element("td", { style: "width:46%" }, rival.name, element("div", { class: "meter", style: `width:${(100 * share) / most}%` }));
    rows.append(element(
      "tr", { class: rival === rivals[0] ? "best" : rival.note ? "noted" : "" }, name,
      element("td", { class: "right" }, inBytes(rival.size)),
      element("td", { class: "right" }, `${(1 / share).toFixed(2)}`),
      element("td", { class: "right" }, inSeconds(rival.encode)),
      element("td", { class: "right" }, inSeconds(rival.decode)),
    ));
    if (rival.note) rows.append(element("tr", {}, element("td", { colspan: "5", class: "aside" }, rival.note)));
  }
  const head = element("tr", {}, ...["", "size", "to 1", "pack", "unpack"].map(
    (text, place) => element("th", place ? { class: "right" } : {}, text),
  ));
  body.append(element("table", {}, element("thead", {}, head), rows), element("p", { class: "note" }, where));
}

// Files: {columns: [{key, name, kind}], rows}; heads sort.
function drawFiles(table, columns, rows) {
  const head = element("tr");
  const body = element("tbody");
  let [by, falling, wanted] = [null, false, ""];
  const cells = {
    text: (value, key) => element("td", { class: key }, value ?? ""),
    bytes: (value) => element("td", { class: "right" }, value === null ? "—" : inBytes(value)),
    number: (value) => element("td", { class: "right" }, value === null ? "—" : grouped(value)),
    ratio: (value) => element("td", { class: "right" }, value === null ? "—" : value.toFixed(2)),
  };
  const fill = () => {
    const shown = rows.filter((row) => `${row.name} ${row.codec}`.toLowerCase().includes(wanted));
    if (by) {
      const order = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : (a ?? -1) - (b ?? -1));
      shown.sort((a, b) => (falling ? -1 : 1) * order(a[by], b[by]));
    }
    body.replaceChildren(...shown.map((row) => element(
      "tr", row.failed ? { class: "failed" } : {}, ...columns.map((column) => cells[column.kind](row[column.key], column.key)),
    )));
  };
  for (const column of columns) {
    const right = column.kind !== "text";
    const button = element("button", { type: "button", ...(right ? { style: "text-align:right" } : {}) }, column.name);
    const cell = element("th", { "aria-sort": "none", "data-key": column.key }, button);
    button.addEventListener("click", () => {
      falling = by === column.key ? !falling : right;
      by = column.key;
      for (const other of head.children) other.setAttribute("aria-sort", "none");
      cell.setAttribute("aria-sort", falling ? "descending" : "ascending");
      fill();
    });
    head.append(cell);
  }
  document.getElementById("filter").addEventListener("input", (event) => { wanted = event.target.value.toLowerCase(); fill(); });
  table.append(element("thead", {}, head), body);
  fill();
}
