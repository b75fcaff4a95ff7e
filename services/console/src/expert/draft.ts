import type { Draft, Finding, FindingDecision, FirstReading, Report } from '../api/types'

/** What the service holds of a draft, as the form edits it. */
export function draftOf(report: FirstReading): Draft {
  const { description, impression, recommendation, critical } = report
  return { findings: report.findings.map(decisionOf), description, impression, recommendation, critical }
}

export function decisionOf(finding: Finding): FindingDecision {
  const { finding_id, state, corrected_value, corrected_answer, corrected_text } = finding
  return {
    finding_id,
    state,
    ...(corrected_value !== null && { corrected_value }),
    ...(corrected_answer !== null && { corrected_answer: corrected_answer.code }),
    ...(corrected_text !== '' && { corrected_text }),
  }
}

export function decide(draft: Draft, decision: FindingDecision): Draft {
  const others = draft.findings.filter((one) => one.finding_id !== decision.finding_id)
  return { ...draft, findings: [...others, decision] }
}

/** The draft with exactly the report's present findings: those that came since stand as the report has them. */
export function fitted(draft: Draft, report: Pick<Report, 'findings'>): Draft {
  const known = new Map(draft.findings.map((one) => [one.finding_id, one]))
  return { ...draft, findings: report.findings.map((one) => known.get(one.finding_id) ?? decisionOf(one)) }
}

/** The finding as the draft has it now. */
export function withDecision(finding: Finding, draft: Draft): Finding {
  const decision = draft.findings.find((one) => one.finding_id === finding.finding_id)
  if (!decision) return finding
  return {
    ...finding,
    state: decision.state,
    corrected_value: decision.corrected_value ?? null,
    corrected_answer: finding.alternatives.find((one) => one.code === decision.corrected_answer) ?? null,
    corrected_text: decision.corrected_text ?? '',
  }
}

/** The report's findings as the draft has them now, with the hints that it decides: those are findings too. */
export function stated(report: Pick<Report, 'findings' | 'hints'>, draft: Draft): Finding[] {
  const hints = new Set(report.hints.map((one) => one.finding_id))
  const found = new Set(report.findings.map((one) => one.finding_id))
  const all = [...report.findings, ...report.hints.filter((one) => !found.has(one.finding_id))]
  return all.map((one) => withDecision(one, draft)).filter((one) => one.state !== 'proposed' || !hints.has(one.finding_id))
}

/** The draft with the description as the service stored it, unless it was edited since it was sent: words that nobody touched follow the views. */
export function withStored(draft: Draft, sent: Draft, stored: string | undefined): Draft {
  return stored === undefined || stored === draft.description || draft.description !== sent.description ? draft : { ...draft, description: stored }
}

/** The views that stand where the description names others, by what the service said last. */
export function viewsNow(report: Pick<Report, 'etag' | 'views_now'>, stored: Partial<Report>): string | null {
  const edition = (etag: string | undefined) => Number((etag ?? '').replaceAll('"', ''))
  return (stored.views_now !== undefined && edition(stored.etag) > edition(report.etag) ? stored : report).views_now ?? null
}

export function undecided(draft: Draft): number {
  return draft.findings.filter((one) => one.state === 'proposed').length
}

/** Whether the report still holds what was saved last, whatever else became of it. */
export function unchanged(report: FirstReading, saved: Draft): boolean {
  return JSON.stringify(draftOf(report)) === JSON.stringify(fitted(saved, report))
}

/** Whether the draft still says what the first of two readers signed. */
export function sameReading(report: Pick<Report, keyof FirstReading | 'first_reading'>): boolean {
  return report.first_reading !== null && JSON.stringify(draftOf(report)) === JSON.stringify(draftOf(report.first_reading))
}
