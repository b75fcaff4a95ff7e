/** Where the picture's corners lie on the canvas, in CSS pixels: top left, top right, bottom left, bottom right. */
export type Corners = [Corner, Corner, Corner, Corner]
type Corner = readonly [number, number]

const VERTEX = `#version 300 es
in vec2 position;
in vec2 texel;
out vec2 at;
void main() { at = texel; gl_Position = vec4(position, 0.0, 1.0); }`

const FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D picture;
uniform float lower;
uniform float upper;
uniform float inverted;
in vec2 at;
out vec4 colour;
void main() {
  vec3 value = texture(picture, at).rgb * 255.0;
  vec3 shown = clamp((value - lower) / max(upper - lower, 1.0), 0.0, 1.0);
  colour = vec4(mix(shown, 1.0 - shown, inverted), 1.0);
}`

let shared: Painter | null = null

/** The tab's one painter: browsers keep few WebGL contexts and take the oldest away from those who ask for many. */
export function painter(): Painter {
  shared ??= new Painter()
  return shared
}

const TEXELS = [0, 0, 1, 0, 0, 1, 1, 1]

/** Draws decoded frames on one WebGL2 canvas with the window and the place that the paused picture has. */
export class Painter {
  private readonly gl: WebGL2RenderingContext
  private readonly program: WebGLProgram
  private readonly positions: WebGLBuffer

  readonly canvas = document.createElement('canvas')

  /** Raises Error where the browser has no WebGL2. */
  constructor() {
    const { canvas } = this
    const gl = canvas.getContext('webgl2', { alpha: false, antialias: false })
    if (gl === null) throw new Error('WebGL2')
    this.gl = gl
    this.program = gl.createProgram()
    for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
      const shader = gl.createShader(type)
      if (shader === null) throw new Error('WebGL2')
      gl.shaderSource(shader, source)
      gl.compileShader(shader)
      gl.attachShader(this.program, shader)
    }
    gl.linkProgram(this.program)
    gl.useProgram(this.program)
    this.positions = this.buffer('position', null)
    this.buffer('texel', new Float32Array(TEXELS))
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture())
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE)
  }

  draw(bitmap: ImageBitmap, corners: Corners, window: { lower: number; upper: number }, inverted: boolean): void {
    const { gl, canvas } = this
    const ratio = devicePixelRatio || 1
    const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)]
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width
      canvas.height = height
    }
    const clip = corners.flatMap(([x, y]) => [(2 * x) / canvas.clientWidth - 1, 1 - (2 * y) / canvas.clientHeight])
    gl.viewport(0, 0, width, height)
    gl.clearColor(0, 0, 0, 1)
    gl.clear(gl.COLOR_BUFFER_BIT)
    gl.bindBuffer(gl.ARRAY_BUFFER, this.positions)
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(clip), gl.DYNAMIC_DRAW)
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap)
    gl.uniform1f(gl.getUniformLocation(this.program, 'lower'), window.lower)
    gl.uniform1f(gl.getUniformLocation(this.program, 'upper'), window.upper)
    gl.uniform1f(gl.getUniformLocation(this.program, 'inverted'), inverted ? 1 : 0)
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4)
  }

  private buffer(name: string, data: Float32Array<ArrayBuffer> | null): WebGLBuffer {
    const { gl } = this
    const made = gl.createBuffer()
    gl.bindBuffer(gl.ARRAY_BUFFER, made)
    if (data) gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW)
    const place = gl.getAttribLocation(this.program, name)
    gl.enableVertexAttribArray(place)
    gl.vertexAttribPointer(place, 2, gl.FLOAT, false, 0, 0)
    return made
  }
}
