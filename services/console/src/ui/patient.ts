import type { Patient } from '../api/types'

/** A person name for the eye: the ideographic group where there is one, else the alphabetic group without DICOM's carets. */
export function patientName(patient: Patient): string {
  const name = patient.name_ideographic || patient.name
  return name.replace(/\^+$/, '').replaceAll('^', ' ').trim() || '—'
}
