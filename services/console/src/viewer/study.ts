import { getJson, withQuery } from '../api/client'
import { type Calibration, readCalibration } from './calibration'
import { type CineTiming, readCine } from './cine'
import { type DataSet, number, text } from './dicomJson'

/** An image or clip of the study, with what the viewer needs to show and measure it. */
export interface Instance {
  sopInstanceUid: string
  seriesInstanceUid: string
  modality: string
  number: number
  frames: number
  rows: number
  columns: number
  photometric: string
  samples: number
  bitsAllocated: number
  planar: number
  transferSyntax: string
  calibration: Calibration
  timing: CineTiming
  /** WADO-RS path of the instance, without query. */
  path: string
}

const NOT_SHOWN = ['SR', 'SEG', 'DOC', 'PR', 'KO']

/** The study's images in the order of series and instance number; what the platform wrote itself is left out. */
export async function instancesOfStudy(studyUid: string, organisation: string | null, signal?: AbortSignal): Promise<Instance[]> {
  const sets = await getJson<DataSet[]>(withQuery(`/dicomweb/studies/${studyUid}/metadata`, { organisation }), signal)
  return sets
    .filter((set) => (number(set, '00280010') ?? 0) > 0 && !NOT_SHOWN.includes(text(set, '00080060')))
    .map((set) => ({ order: number(set, '00200011') ?? 0, instance: instanceOf(studyUid, set) }))
    .sort((a, b) => a.order - b.order || a.instance.number - b.instance.number || a.instance.sopInstanceUid.localeCompare(b.instance.sopInstanceUid))
    .map(({ instance }) => instance)
}

function instanceOf(studyUid: string, set: DataSet): Instance {
  const seriesInstanceUid = text(set, '0020000E')
  const sopInstanceUid = text(set, '00080018')
  const frames = Math.max(1, number(set, '00280008') ?? 1)
  return {
    sopInstanceUid,
    seriesInstanceUid,
    modality: text(set, '00080060'),
    number: number(set, '00200013') ?? 0,
    frames,
    rows: number(set, '00280010') ?? 0,
    columns: number(set, '00280011') ?? 0,
    photometric: text(set, '00280004'),
    samples: number(set, '00280002') ?? 1,
    bitsAllocated: number(set, '00280100') ?? 8,
    planar: number(set, '00280006') ?? 0,
    transferSyntax: text(set, '00083002'),
    calibration: readCalibration(set),
    timing: readCine(set, frames),
    path: `/dicomweb/studies/${studyUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`,
  }
}
