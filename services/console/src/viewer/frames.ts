import { bearer } from '../api/client'
import { Problem } from '../api/problem'
import type { FrameAnswer, FrameRequest } from './frame.worker'
import type { Instance } from './study'

const WORKERS = 2
const IN_FLIGHT = 6
const CACHE_BYTES = 1024 ** 3

interface Waiting {
  resolve: (bitmap: ImageBitmap) => void
  reject: (error: unknown) => void
}

export const frameKey = (instance: Instance, frame: number): string => `${instance.sopInstanceUid}/${frame}`

/** Decoded frames of one study: fetched and decoded in workers, kept up to a limit, the least recently used given up first. */
export class FrameStore {
  private workers: Worker[] = []
  private readonly waiting = new Map<number, Waiting>()
  private readonly pending = new Map<string, Promise<ImageBitmap>>()
  private readonly kept = new Map<string, ImageBitmap>()
  private readonly queue: (() => void)[] = []
  private readonly listeners = new Set<() => void>()
  private bytes = 0
  private running = 0
  private next = 0

  /** `query` is added to every frame's address (the organisation, for a reader of several). */
  constructor(private readonly query: string) {}

  /** The frame (from 1) when it is here already. */
  peek(instance: Instance, frame: number): ImageBitmap | undefined {
    return this.kept.get(frameKey(instance, frame))
  }

  /** The frame (from 1). `urgent` goes before what is only fetched ahead. Raises Problem. */
  get(instance: Instance, frame: number, urgent = true): Promise<ImageBitmap> {
    const key = frameKey(instance, frame)
    const here = this.kept.get(key)
    if (here) {
      this.kept.delete(key)
      this.kept.set(key, here)
      return Promise.resolve(here)
    }
    const pending = this.pending.get(key)
    if (pending) return pending
    const made = this.slot(urgent)
      .then(() => this.ask(instance, frame))
      .then((bitmap) => this.keep(key, bitmap))
      .finally(() => {
        this.pending.delete(key)
        this.running -= 1
        this.queue.shift()?.()
      })
    this.pending.set(key, made)
    return made
  }

  /** Fetches a whole clip ahead, from `from` on and round. */
  prefetch(instance: Instance, from: number): void {
    for (let index = 0; index < instance.frames; index += 1) {
      const frame = ((from - 1 + index) % instance.frames) + 1
      void this.get(instance, frame, false).catch(() => undefined)
    }
  }

  loaded(instance: Instance): number {
    let count = 0
    for (let frame = 1; frame <= instance.frames; frame += 1) if (this.kept.has(frameKey(instance, frame))) count += 1
    return count
  }

  /** Called after each frame that comes. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Gives up everything that is held or under way; a later `get` begins anew. */
  close(): void {
    this.workers.forEach((worker) => worker.terminate())
    this.workers = []
    this.waiting.forEach(({ reject }) => reject(new Problem(0, 'Closed', '')))
    this.kept.forEach((bitmap) => bitmap.close())
    this.waiting.clear()
    this.kept.clear()
    this.bytes = 0
  }

  private worker(id: number): Worker | undefined {
    if (this.workers.length === 0) {
      this.workers = Array.from({ length: WORKERS }, () => {
        const worker = new Worker(new URL('./frame.worker.ts', import.meta.url), { type: 'module' })
        worker.addEventListener('message', (event: MessageEvent<FrameAnswer>) => this.answered(event.data))
        return worker
      })
    }
    return this.workers[id % WORKERS]
  }

  private slot(urgent: boolean): Promise<void> {
    if (this.running < IN_FLIGHT) {
      this.running += 1
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const go = () => {
        this.running += 1
        resolve()
      }
      if (urgent) this.queue.unshift(go)
      else this.queue.push(go)
    })
  }

  private async ask(instance: Instance, frame: number): Promise<ImageBitmap> {
    const token = await bearer()
    const { rows, columns, samples, planar, photometric, bitsAllocated, transferSyntax, path } = instance
    this.next += 1
    const id = this.next
    const layout = { rows, columns, samples, planar, photometric, bitsAllocated, transferSyntax }
    const request: FrameRequest = { id, path, query: this.query, frame, token, layout }
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      this.worker(id)?.postMessage(request)
    })
  }

  private answered(answer: FrameAnswer): void {
    const waiting = this.waiting.get(answer.id)
    this.waiting.delete(answer.id)
    if ('bitmap' in answer) waiting?.resolve(answer.bitmap)
    else waiting?.reject(new Problem(answer.status, answer.undecodable ? 'UndecodableFrame' : 'Frame', answer.message))
  }

  private keep(key: string, bitmap: ImageBitmap): ImageBitmap {
    this.kept.set(key, bitmap)
    this.bytes += bitmap.width * bitmap.height * 4
    for (const [old, one] of this.kept) {
      if (this.bytes <= CACHE_BYTES || old === key) break
      this.kept.delete(old)
      this.bytes -= one.width * one.height * 4
      one.close()
    }
    this.listeners.forEach((listener) => listener())
    return bitmap
  }
}
