import { describe, expect, it } from 'vitest'
import { Problem } from '../src/api/problem'
import { outcome } from '../src/clinic/uploads'

const REFUSED = new Problem(422, 'Invalid', 'this is not a DICOM file', { reason: 'not_dicom' })
const answers = new Map([['/api/ingest/v1/uploads/1', REFUSED]])
const failed = (url: string | null) => Object.assign(new Error('failed'), { originalRequest: url === null ? null : { getURL: () => url } })

describe('a failed upload', () => {
  it('is refused for what the service answered to it', () => {
    expect(outcome(failed('/api/ingest/v1/uploads/1'), answers)).toEqual({ state: 'refused', problem: REFUSED })
  })

  it('is interrupted when its own connection broke, whatever became of another file', () => {
    expect(outcome(failed('/api/ingest/v1/uploads/2'), answers).state).toBe('interrupted')
    expect(outcome(failed(null), answers).state).toBe('interrupted')
  })

  it('can be taken up again after signing in anew', () => {
    expect(outcome(failed('/u'), new Map([['/u', new Problem(401, 'Unauthenticated', '')]])).state).toBe('interrupted')
  })
})
