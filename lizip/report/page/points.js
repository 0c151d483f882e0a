"use strict";
// Points: turnable (WebGL, or a canvas where there is none), from above, and as a range image.

const VERTEX = `
attribute vec3 place;
attribute vec3 colour;
uniform mat4 view;
uniform float size;
varying vec3 shade;
void main() {
  gl_Position = view * vec4(place, 1.0);
  gl_PointSize = clamp(size / gl_Position.w, 1.5, 9.0);
  shade = colour;
}`;

const FRAGMENT = `
precision mediump float;
varying vec3 shade;
void main() {
  vec2 off = gl_PointCoord - 0.5;
  if (dot(off, off) > 0.25) discard;
  gl_FragColor = vec4(shade, 1.0);
}`;

// A canvas as large as its place on the screen has pixels; true when it had to change.
function fitted(canvas) {
  const dense = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(canvas.clientWidth * dense));
  const height = Math.max(1, Math.round(canvas.clientHeight * dense));
  if (canvas.width === width && canvas.height === height) return false;
  canvas.width = width;
  canvas.height = height;
  return true;
}

class Camera {
  constructor(radius, middle) {
    this.home = { yaw: -2.5, pitch: 0.5, away: 1.5 * radius, middle };
    this.reset();
  }

  reset() {
    this.yaw = this.home.yaw;
    this.pitch = this.home.pitch;
    this.away = this.home.away;
    this.middle = [...this.home.middle];
  }

  turn(right, down) {
    this.yaw -= right * 0.006;
    this.pitch = Math.min(Math.max(this.pitch + down * 0.006, -0.2), 1.57);
  }

  zoom(factor) {
    this.away = Math.min(Math.max(this.away * factor, this.home.away / 60), this.home.away * 4);
  }

  move(right, down, height) {
    const step = this.away / (0.8 * height);
    const across = this.axes()[0];
    const ahead = [-Math.cos(this.yaw), -Math.sin(this.yaw)];
    for (let k = 0; k < 2; k += 1) this.middle[k] += step * (down * ahead[k] - right * across[k]);
  }

  // Rows: right, up, towards the viewer.
  axes() {
    const [sy, cy, sp, cp] = [Math.sin(this.yaw), Math.cos(this.yaw), Math.sin(this.pitch), Math.cos(this.pitch)];
    return [[-sy, cy, 0], [-sp * cy, -sp * sy, cp], [cp * cy, cp * sy, sp]];
  }

  // Column-major projection times view.
  matrix(aspect) {
    const [right, up, back] = this.axes();
    const scale = 1.6;
    const near = this.away / 200;
    const far = this.away * 30;
    const at = (axis) => -(axis[0] * this.middle[0] + axis[1] * this.middle[1] + axis[2] * this.middle[2]);
    const depth = [(far + near) / (near - far), (2 * far * near) / (near - far)];
    const row = (axis, factor, shift) => [axis[0] * factor, axis[1] * factor, axis[2] * factor, shift];
    const x = row(right, scale / aspect, (at(right) * scale) / aspect);
    const y = row(up, scale, at(up) * scale);
    const beyond = at(back) - this.away;
    const z = row(back, depth[0], beyond * depth[0] + depth[1]);
    const w = row(back, -1, -beyond);
    const out = new Float32Array(16);
    [x, y, z, w].forEach((line, r) => line.forEach((value, c) => { out[4 * c + r] = value; }));
    return out;
  }
}

class WebGLPainter {
  constructor(canvas, places) {
    const gl = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });
    if (!gl) throw new Error("no WebGL");
    this.gl = gl;
    this.kind = "webgl";
    this.count = places.length / 3;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error("no shaders");
    gl.useProgram(program);
    this.view = gl.getUniformLocation(program, "view");
    this.size = gl.getUniformLocation(program, "size");
    this.fill(program, "place", places, gl.FLOAT, false);
    this.colours = this.fill(program, "colour", new Uint8Array(places.length), gl.UNSIGNED_BYTE, true);
    gl.enable(gl.DEPTH_TEST);
    gl.clearColor(0, 0, 0, 0);
  }

  fill(program, name, values, kind, share) {
    const gl = this.gl;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    const place = gl.getAttribLocation(program, name);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, 3, kind, share, 0, 0);
    return buffer;
  }

  colour(values) {
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, this.colours);
    this.gl.bufferSubData(this.gl.ARRAY_BUFFER, 0, values);
  }

  draw(canvas, camera, grain) {
    const gl = this.gl;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.uniformMatrix4fv(this.view, false, camera.matrix(canvas.width / canvas.height));
    gl.uniform1f(this.size, grain * canvas.height);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.drawArrays(gl.POINTS, 0, this.count);
  }
}

class CanvasPainter {
  constructor(canvas, places) {
    this.context = canvas.getContext("2d");
    this.kind = "canvas";
    this.places = places;
    this.colours = new Uint8Array(places.length);
  }

  colour(values) { this.colours = values; }

  draw(canvas, camera) {
    const { width, height } = canvas;
    const picture = this.context.createImageData(width, height);
    const pixels = new Uint32Array(picture.data.buffer);
    const depth = new Float32Array(width * height).fill(Infinity);
    const m = camera.matrix(width / height);
    const { places, colours } = this;
    for (let i = 0; i < places.length; i += 3) {
      const [x, y, z] = [places[i], places[i + 1], places[i + 2]];
      const w = m[3] * x + m[7] * y + m[11] * z + m[15];
      if (w <= 0) continue;
      const across = Math.floor((((m[0] * x + m[4] * y + m[8] * z + m[12]) / w + 1) * width) / 2);
      const down = Math.floor(((1 - (m[1] * x + m[5] * y + m[9] * z + m[13]) / w) * height) / 2);
      if (across < 0 || down < 0 || across >= width - 1 || down >= height - 1) continue;
      const ink = 0xff000000 | (colours[i + 2] << 16) | (colours[i + 1] << 8) | colours[i];
      const at = down * width + across;
      for (const pixel of [at, at + 1, at + width, at + width + 1]) {
        if (w < depth[pixel]) { depth[pixel] = w; pixels[pixel] = ink; }
      }
    }
    this.context.putImageData(picture, 0, 0);
  }
}

class Turnable {
  constructor(canvas, cloud) {
    this.canvas = canvas;
    this.grain = cloud.grain;
    this.camera = new Camera(cloud.radius, cloud.middle);
    this.painter = location.hash === "#canvas" ? new CanvasPainter(canvas, cloud.places) : null;
    if (!this.painter) {
      try { this.painter = new WebGLPainter(canvas, cloud.places); } catch (error) {
        this.painter = new CanvasPainter(fresh(canvas), cloud.places);
        this.canvas = document.getElementById(canvas.id);
      }
    }
    this.canvas.dataset.painter = this.painter.kind;
    this.waiting = false;
    this.listen();
  }

  colour(values) { this.painter.colour(values); this.soon(); }

  soon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      fitted(this.canvas);
      this.painter.draw(this.canvas, this.camera, this.grain);
    });
  }

  listen() {
    const held = new Map();
    const { canvas, camera } = this;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      held.set(event.pointerId, [event.clientX, event.clientY]);
    });
    const release = (event) => held.delete(event.pointerId);
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("pointermove", (event) => {
      const before = held.get(event.pointerId);
      if (!before) return;
      const apart = () => { const [a, b] = [...held.values()]; return Math.hypot(a[0] - b[0], a[1] - b[1]); };
      const was = held.size === 2 ? apart() : 0;
      held.set(event.pointerId, [event.clientX, event.clientY]);
      const [right, down] = [event.clientX - before[0], event.clientY - before[1]];
      if (held.size === 2) camera.zoom(was / Math.max(apart(), 1));
      else if (event.shiftKey) camera.move(right, down, canvas.clientHeight);
      else camera.turn(right, down);
      this.soon();
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      camera.zoom(Math.exp(event.deltaY * 0.001));
      this.soon();
    }, { passive: false });
    canvas.addEventListener("dblclick", () => { camera.reset(); this.soon(); });
    canvas.addEventListener("keydown", (event) => {
      const turns = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] };
      if (turns[event.key]) camera.turn(...turns[event.key]);
      else if (event.key === "+" || event.key === "-") camera.zoom(event.key === "+" ? 0.85 : 1 / 0.85);
      else return;
      event.preventDefault();
      this.soon();
    });
  }
}

// A canvas that once gave a context of one kind gives none of another.
function fresh(canvas) {
  const other = canvas.cloneNode();
  canvas.replaceWith(other);
  return other;
}

// Points from above: the third coordinate towards the viewer, north up, with a bar for the scale.
function drawAbove(canvas, cloud, colours) {
  fitted(canvas);
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  const heights = new Float32Array(width * height).fill(-Infinity);
  const scale = Math.min(width / cloud.span[0], height / cloud.span[1]) * 0.94;
  const { places, centre } = cloud;
  const dot = scale * cloud.span[0] / Math.sqrt(places.length / 3) > 1.2 || width > 700 ? 2 : 1;
  for (let i = 0; i < places.length; i += 3) {
    const across = Math.floor(width / 2 + (places[i] - centre[0]) * scale);
    const down = Math.floor(height / 2 - (places[i + 1] - centre[1]) * scale);
    if (across < 0 || down < 0 || across >= width - 1 || down >= height - 1) continue;
    const ink = 0xff000000 | (colours[i + 2] << 16) | (colours[i + 1] << 8) | colours[i];
    for (let dy = 0; dy < dot; dy += 1) {
      for (let dx = 0; dx < dot; dx += 1) {
        const at = (down + dy) * width + across + dx;
        if (places[i + 2] > heights[at]) { heights[at] = places[i + 2]; pixels[at] = ink; }
      }
    }
  }
  context.putImageData(picture, 0, 0);
  drawScale(context, width, height, scale, cloud.unit);
}

function drawScale(context, width, height, scale, unit) {
  const dense = width / context.canvas.clientWidth;
  const rough = (width / 5) / scale;
  const power = 10 ** Math.floor(Math.log10(rough));
  const length = [5, 2, 1].find((n) => n * power <= rough) * power;
  const [right, bottom] = [width - 16 * dense, height - 16 * dense];
  const left = right - length * scale;
  const words = `${short(length)}${THIN}${unit}`;
  context.font = `${12 * dense}px system-ui, sans-serif`;
  const wide = Math.max(length * scale, context.measureText(words).width);
  context.fillStyle = getComputedStyle(context.canvas.parentElement).backgroundColor;
  context.fillRect(right - wide - 6 * dense, bottom - 22 * dense, wide + 12 * dense, 28 * dense); // over points nothing can be read
  context.strokeStyle = context.fillStyle = "#9aa4b2";
  context.lineWidth = 1.5 * dense;
  context.beginPath();
  context.moveTo(left, bottom - 4 * dense);
  context.lineTo(left, bottom);
  context.lineTo(right, bottom);
  context.lineTo(right, bottom - 4 * dense);
  context.stroke();
  context.textAlign = "right";
  context.fillText(words, right, bottom - 8 * dense);
}

// The range image: one pixel a cell; `index` holds 1 + the point in each.
function drawImage(canvas, image, colours) {
  canvas.width = image.width;
  canvas.height = image.height;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(image.width, image.height);
  for (let cell = 0; cell < image.index.length; cell += 1) {
    const point = image.index[cell];
    if (!point) continue;
    const at = 3 * (point - 1);
    picture.data.set([colours[at], colours[at + 1], colours[at + 2], 255], 4 * cell);
  }
  context.putImageData(picture, 0, 0);
}
