import { type DataSet, number, numbers } from './dicomJson'

/** When each frame begins, in ms from the clip's start, and how long the clip is. */
export interface Cine {
  starts: number[]
  totalMs: number
}

const DEFAULT_FPS = 15 // where the instance says nothing of time; the viewer says so

export interface CineTiming {
  cine: Cine
  declared: boolean
}

/** A clip's own timing: Frame Time Vector (0018,1065), Frame Time (0018,1063), Cine Rate (0018,0040), Recommended Display Frame Rate (0008,2144). */
export function readCine(dataSet: DataSet, frames: number): CineTiming {
  const vector = numbers(dataSet, '00181065')
  if (vector.length === frames && vector.slice(1).every((step) => step > 0)) return { cine: fromVector(vector), declared: true }
  const frameTime = number(dataSet, '00181063')
  const rate = number(dataSet, '00180040') ?? number(dataSet, '00082144')
  const step = frameTime !== undefined && frameTime > 0 ? frameTime : rate !== undefined && rate > 0 ? 1000 / rate : undefined
  return { cine: evenly(step ?? 1000 / DEFAULT_FPS, frames), declared: step !== undefined }
}

export function evenly(stepMs: number, frames: number): Cine {
  return { starts: Array.from({ length: frames }, (_, index) => index * stepMs), totalMs: stepMs * frames }
}

/** The vector's first entry is 0 and each other the step from the frame before (PS3.3 C.7.6.5.1.2); the last frame stays for the mean step. */
function fromVector(vector: number[]): Cine {
  const starts: number[] = []
  let at = 0
  vector.forEach((step, index) => {
    at += index === 0 ? 0 : step
    starts.push(at)
  })
  const mean = vector.length > 1 ? at / (vector.length - 1) : 1000 / DEFAULT_FPS
  return { starts, totalMs: at + mean }
}

/** The frame (from 0) that shows at `elapsedMs` of a looping clip. */
export function frameAt(cine: Cine, elapsedMs: number): number {
  if (cine.totalMs <= 0 || cine.starts.length === 0) return 0
  const within = ((elapsedMs % cine.totalMs) + cine.totalMs) % cine.totalMs
  let low = 0
  let high = cine.starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((cine.starts[middle] ?? 0) <= within) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * Real time comes first: when drawing cannot keep up, or a frame has not come yet, frames are dropped and counted, never
 * shown late. A heart that looks slow would be worse than one that looks coarse.
 */
export class CineClock {
  private startedAt = 0
  private last = -1
  dropped = 0
  shown = 0

  constructor(private readonly cine: Cine) {}

  /** Plays from `frame` (from 0) at `now` (ms). */
  start(frame: number, now: number): void {
    this.startedAt = now - (this.cine.starts[frame] ?? 0)
    this.last = frame
    this.dropped = 0
    this.shown = 0
  }

  /** What to draw at `now`: a frame from 0, or null to leave the picture. `has` says whether a frame is there. */
  tick(now: number, has: (frame: number) => boolean): number | null {
    const wanted = frameAt(this.cine, now - this.startedAt)
    if (wanted === this.last) return null
    const frames = this.cine.starts.length
    const passed = (wanted - this.last + frames) % frames
    this.last = wanted
    this.dropped += passed - 1
    if (!has(wanted)) {
      this.dropped += 1
      return null
    }
    this.shown += 1
    return wanted
  }

  get current(): number {
    return this.last
  }
}
