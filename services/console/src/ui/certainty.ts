const SURE = 99

/** A certainty in whole percent; never 100, for no model is certain: "> 99" above that. */
export function formatCertainty(percent: number, locale: string): string {
  const whole = Math.min(Math.round(percent), SURE)
  const text = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(whole)
  return percent > SURE ? `> ${text}` : text
}
