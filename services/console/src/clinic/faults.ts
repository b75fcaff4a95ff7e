/** What an analysis says beside its findings, as `GET /api/inference/v1/analyses` gives it. */
export interface Analysis {
  state: string
  hints?: { code: { value: string }; evaluation: { answer: { value: string; meaning: string } | null } | null; anchor: { sop_instance_uid: string } }[]
  contradictions?: { sop_instance_uid: string; body_part: string; view: { value: string; meaning: string } }[]
  silences?: { model: string; sop_instance_uid: string }[]
  investigational?: boolean
}

/** What a clinic can do better: faults of the images by the answer's code, PS3.16 or the platform's own. */
export const FAULTS = ['122742', '111235', '111210', 'gain-too-low', 'gain-too-high', 'contact-lost', 'frozen', 'burned-in-text', 'not-ultrasound'] as const
export type Fault = (typeof FAULTS)[number]
/** The anatomies that an image may show against what its exam says: SNOMED CT. */
export const ANATOMIES = ['12738006', '818981001', '71341001', '816094009', '71252005', '76752008', '10200004', '39607008', '91727004'] as const
export type Anatomy = (typeof ANATOMIES)[number]

/** Each fault with the number of images that have it, in a fixed order. */
export function faults(analysis: Analysis): [Fault, number][] {
  const images = new Map<Fault, Set<string>>()
  for (const { evaluation, anchor } of analysis.hints ?? []) {
    const fault = FAULTS.find((one) => one === evaluation?.answer?.value)
    if (fault) images.set(fault, (images.get(fault) ?? new Set()).add(anchor.sop_instance_uid))
  }
  return FAULTS.flatMap((fault) => (images.has(fault) ? [[fault, images.get(fault)?.size ?? 0] as [Fault, number]] : []))
}

/** Which other anatomies than the exam says are shown, and on how many images. */
export function otherAnatomies(analysis: Analysis): { body_part: string; view: { value: string; meaning: string }; count: number }[] {
  const groups = new Map<string, { body_part: string; view: { value: string; meaning: string }; count: number }>()
  for (const { body_part, view } of analysis.contradictions ?? []) {
    const key = `${body_part} ${view.value}`
    groups.set(key, { body_part, view, count: (groups.get(key)?.count ?? 0) + 1 })
  }
  return [...groups.values()]
}

/** How many images no model could be asked about, for their files cannot be decoded. */
export const unreadable = (analysis: Analysis): number => (analysis.silences ?? []).filter(({ model }) => model === '').length
