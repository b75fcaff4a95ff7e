import Uppy from '@uppy/core'
import Tus from '@uppy/tus'
import { bearer } from '../api/client'
import { asProblem, type Problem, problemIn } from '../api/problem'

export type UploadState = 'waiting' | 'sending' | 'stored' | 'refused' | 'interrupted'

export interface UploadRow {
  id: string
  name: string
  size: number
  sent: number
  state: UploadState
  problem: Problem | null
}

const CHUNK_BYTES = 8 * 1024 * 1024
const AT_ONCE = 3

type Failure = Error & { originalRequest?: { getURL(): string } | null }

/** What became of a failed file: refused for what the service answered to its own request, else interrupted. */
export function outcome(error: Failure, answers: ReadonlyMap<string, Problem>): { state: 'refused' | 'interrupted'; problem: Problem } {
  const answer = answers.get(error.originalRequest?.getURL() ?? '')
  const problem = answer ?? asProblem(error)
  return { state: problem.status >= 400 && problem.status < 500 && problem.status !== 401 ? 'refused' : 'interrupted', problem }
}

/**
 * Resumable uploads (tus) through Uppy. Every file ends stored, refused with the service's own reason, or interrupted, which
 * can be taken up again where it stopped.
 */
export class Uploads {
  private readonly uppy = new Uppy({ autoProceed: true, allowMultipleUploadBatches: true })
  private readonly answers = new Map<string, Problem>()
  private rows: UploadRow[] = []
  private readonly listeners = new Set<() => void>()

  constructor() {
    this.uppy.use(Tus, {
      endpoint: '/api/ingest/v1/uploads',
      chunkSize: CHUNK_BYTES,
      limit: AT_ONCE,
      retryDelays: [0, 1000, 3000, 5000, 10_000],
      removeFingerprintOnSuccess: true,
      allowedMetaFields: ['filename', 'filetype'],
      onBeforeRequest: async (request) => request.setHeader('Authorization', `Bearer ${await bearer()}`),
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0
        return status === 0 || status === 409 || status === 423 || status >= 500
      },
      onAfterResponse: (request, response) => {
        const status = response.getStatus()
        if (status >= 400) this.answers.set(request.getURL(), problemIn(status, response.getBody()))
        else this.answers.delete(request.getURL())
      },
    })
    this.uppy.on('file-added', (file) => {
      this.uppy.setFileMeta(file.id, { filename: file.name })
      this.change(file.id, { name: file.name, size: file.size ?? 0, state: 'waiting', sent: 0, problem: null })
    })
    this.uppy.on('upload-progress', (file, progress) => {
      if (file) this.change(file.id, { state: 'sending', sent: progress.bytesUploaded || 0 })
    })
    this.uppy.on('upload-success', (file) => {
      if (file) this.change(file.id, { state: 'stored', sent: file.size ?? 0 })
    })
    this.uppy.on('upload-error', (file, error) => {
      if (!file) return
      this.change(file.id, outcome(error, this.answers))
    })
  }

  add(files: Iterable<File>): void {
    for (const file of files) {
      const path = file.webkitRelativePath || file.name
      try {
        this.uppy.addFile({ name: file.name, type: file.type || 'application/dicom', data: file, meta: { relativePath: path } })
      } catch {
        // Uppy knows this file already: it is in the list, with its own state.
      }
    }
  }

  retry(id: string): void {
    this.change(id, { state: 'waiting', problem: null })
    void this.uppy.retryUpload(id)
  }

  clearFinished(): void {
    for (const row of this.rows) if (row.state === 'stored' || row.state === 'refused') this.uppy.removeFile(row.id)
    this.rows = this.rows.filter((row) => row.state !== 'stored' && row.state !== 'refused')
    this.tell()
  }

  snapshot = (): UploadRow[] => this.rows

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private change(id: string, part: Partial<UploadRow>): void {
    const known = this.rows.find((row) => row.id === id)
    if (known === undefined) this.rows = [...this.rows, { id, name: '', size: 0, sent: 0, state: 'waiting', problem: null, ...part }]
    else this.rows = this.rows.map((row) => (row.id === id ? { ...row, ...part } : row))
    this.tell()
  }

  private tell(): void {
    this.listeners.forEach((listener) => listener())
  }
}

/** One for the whole tab, so that uploads go on while the person looks at other pages. */
export const uploads = new Uploads()
