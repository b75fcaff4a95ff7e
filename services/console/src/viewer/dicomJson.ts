/** Reads the DICOM JSON model (PS3.18 F.2): tolerant, absent attributes are undefined. */
interface Attribute {
  vr?: string
  Value?: unknown[]
}
export type DataSet = Record<string, Attribute | undefined>

export function values(dataSet: DataSet, tag: string): unknown[] {
  return dataSet[tag]?.Value ?? []
}

export function text(dataSet: DataSet, tag: string): string {
  const value = values(dataSet, tag)[0]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

export function numbers(dataSet: DataSet, tag: string): number[] {
  return values(dataSet, tag).map(Number).filter(Number.isFinite)
}

export function number(dataSet: DataSet, tag: string): number | undefined {
  return numbers(dataSet, tag)[0]
}

export function items(dataSet: DataSet, tag: string): DataSet[] {
  return values(dataSet, tag).filter((value): value is DataSet => typeof value === 'object' && value !== null)
}
