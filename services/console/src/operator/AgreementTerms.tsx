import { Descriptions, Flex, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Agreement, PriceItem } from '../api/types'
import { type Column, DataTable } from '../ui/DataTable'
import { ModeTag } from '../ui/tags'
import { durationMinutes } from '../ui/time'
import { useFormat } from '../ui/useFormat'
import { BeyondCard } from './BeyondCard'
import { useCardModes } from './cardModes'

/** What one version says. */
export function AgreementTerms({ agreement }: { agreement: Agreement }) {
  const { t } = useTranslation()
  const format = useFormat()
  const most = useCardModes()
  const price = (item: PriceItem) =>
    item.tiers.map((tier, index) => {
      const amount = format.money({ amount_minor: tier.unit_amount_minor, currency: agreement.currency })
      if (item.tiers.length === 1) return amount
      const from = (item.tiers[index - 1]?.up_to ?? 0) + 1
      return tier.up_to === null ? t('agreement.tierRest', { from, amount }) : t('agreement.tier', { from, to: tier.up_to, amount })
    })
  const columns: Column<PriceItem>[] = [
    { key: 'item', title: t('usage.item'), render: (item) => format.name({ name_zh: item.description_zh, name_en: item.description_en }) },
    { key: 'code', title: t('agreement.code'), render: (item) => <span className="mono">{item.code}</span> },
    { key: 'event', title: t('agreement.event'), render: (item) => t(`event.${item.billable_event}`) + (item.model ? ` (${item.model})` : '') },
    { key: 'payer', title: t('usage.payer'), render: (item) => t(`party.${item.payer}`) },
    { key: 'payee', title: t('usage.payee'), render: (item) => t(`party.${item.payee}`) },
    {
      key: 'price',
      title: t('agreement.price'),
      render: (item) => (
        <Flex vertical>
          {price(item).map((line) => (
            <span key={line} className="number">
              {line}
            </span>
          ))}
        </Flex>
      ),
    },
  ]
  return (
    <Flex vertical gap={16}>
      <Descriptions
        column={{ xs: 1, md: 2 }}
        items={[
          { key: 'from', label: t('agreement.validFrom'), children: format.date(agreement.valid_from) },
          { key: 'until', label: t('agreement.validUntil'), children: agreement.valid_until ? format.date(agreement.valid_until) : t('agreement.noEnd') },
          { key: 'services', label: t('agreement.services'), children: agreement.services.map((one) => <Tag key={`${one.modality}/${one.body_part}`}>{`${one.modality} / ${one.body_part}`}</Tag>) },
          { key: 'reading', label: t('agreement.reading'), children: t(`reading.${agreement.reading}`) },
          {
            key: 'turnaround',
            label: t('agreement.turnaround'),
            children: agreement.turnarounds.map((one) => `${t(`priority.${one.priority}`)} ${format.span(durationMinutes(one.duration) ?? 0)}`).join(' · '),
          },
          {
            key: 'consent',
            label: t('agreement.consent'),
            children: (
              <Flex vertical>
                <span>{agreement.consent_attested ? t('agreement.consentAttested') : t('agreement.consentEach')}</span>
                <span>{agreement.trial_consent_attested ? t('agreement.trialAttested') : t('agreement.trialEach')}</span>
              </Flex>
            ),
          },
          {
            key: 'models',
            label: t('agreement.models'),
            span: 'filled',
            children:
              agreement.models.length === 0
                ? '—'
                : (
                    <Flex vertical gap={4}>
                      {agreement.models.map((one) => (
                        <span key={one.model}>
                          {one.model} <ModeTag mode={one.mode} /> <BeyondCard asked={one.mode} most={most[one.model]} /> {one.certificate ?? one.ethics_protocol ?? ''}
                        </span>
                      ))}
                    </Flex>
                  ),
          },
        ]}
      />
      <DataTable label={t('agreement.prices')} columns={columns} rows={agreement.price_items} rowKey={(item) => item.code} empty={t('agreement.noPrices')} />
    </Flex>
  )
}
