import { Flex } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Comparison, Standing } from '../api/types'
import { useLanguage } from '../app/useLanguage'
import { useFormat } from '../ui/useFormat'
import { byPair, comparedName } from './comparisons'
import { Failures } from './ShadowFailures'
import { shadowsOf } from './failures'

/** How often versions in the shadow failed and what they said otherwise, those that were there once too: the worst code at once, the others on demand. */
export function ShadowDifferences({ one }: { one: Standing }) {
  const { t } = useTranslation()
  const pairs = byPair(one)
  const shadows = shadowsOf(one)
  if (pairs.length === 0 && shadows.length === 0) return '—'
  return (
    <Flex vertical gap={6}>
      <Failures of={shadows} />
      {pairs.map(({ version, against, codes: [worst, ...others] }) => (
        <div key={`${version}/${against}`} className="cell-wrap" data-testid="shadow-differences">
          <div className="mono">{against === '' ? version : t('model.beside', { version, against })}</div>
          {worst && <Line one={worst} />}
          {others.length > 0 && (
            <details>
              <summary>{t('model.furtherCodes', { count: others.length })}</summary>
              {others.map((each) => (
                <Line key={each.code} one={each} />
              ))}
            </details>
          )}
        </div>
      ))}
    </Flex>
  )
}

function Line({ one }: { one: Comparison }) {
  const { t } = useTranslation()
  const format = useFormat()
  const name = comparedName(one, useLanguage())
  const share = format.number((100 * one.disagreed) / one.compared, 1)
  return <div>{t('model.ofCompared', { name, disagreed: format.number(one.disagreed), compared: format.number(one.compared), share })}</div>
}
