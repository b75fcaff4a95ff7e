import { Card, Flex, Grid, Pagination, Table } from 'antd'
import { type Key, type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ErrorNotice, Loading, Nothing } from './Notice'

export interface Column<Row> {
  key: string
  title: string
  render: (row: Row) => ReactNode
  align?: 'left' | 'right'
  width?: number
}

interface Props<Row> {
  label: string
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => Key
  empty: ReactNode
  loading?: boolean
  error?: unknown
  onRetry?: () => void
  hasMore?: boolean
  onMore?: () => void
  pageSize?: number
}

/**
 * A paged table; on a narrow screen the same rows as cards, so that nothing overflows. Further pages are fetched from the
 * service when the person gets there (`hasMore`, `onMore`).
 */
export function DataTable<Row extends object>(props: Props<Row>) {
  const { label, columns, rows, rowKey, empty, loading = false, hasMore = false, onMore, pageSize = 20 } = props
  const { t } = useTranslation()
  const wide = Grid.useBreakpoint().lg ?? true
  const [page, setPage] = useState(1)
  if (props.error) return <ErrorNotice error={props.error} {...(props.onRetry && { onRetry: props.onRetry })} />

  const last = Math.max(1, Math.ceil(rows.length / pageSize))
  const current = Math.min(page, hasMore ? last + 1 : last)
  const turn = (next: number) => {
    if (next * pageSize >= rows.length && hasMore) onMore?.()
    setPage(next)
  }
  const pagination = {
    current,
    pageSize,
    total: rows.length + (hasMore ? 1 : 0),
    onChange: turn,
    showSizeChanger: false,
    hideOnSinglePage: true,
    showTotal: () => t('table.rows', { count: rows.length, more: hasMore ? '+' : '' }),
  }
  if (wide) {
    return (
      <Table<Row>
        aria-label={label}
        size="middle"
        rowKey={rowKey}
        dataSource={rows}
        loading={loading && rows.length > 0}
        pagination={pagination}
        scroll={{ x: true }}
        locale={{ emptyText: loading ? <Loading /> : <Nothing>{empty}</Nothing> }}
        columns={columns.map(({ key, title, render, align, width }) => ({
          key,
          title,
          render: (_: unknown, row: Row) => render(row),
          ...(align && { align }),
          ...(width && { width }),
        }))}
      />
    )
  }
  if (rows.length === 0) return loading ? <Loading /> : <Nothing>{empty}</Nothing>
  return (
    <Flex vertical gap={12} role="list" aria-label={label}>
      {rows.slice((current - 1) * pageSize, current * pageSize).map((row) => (
        <Card key={rowKey(row)} size="small" role="listitem">
          <dl className="facts">
            {columns.map((column) => (
              <div key={column.key}>
                <dt>{column.title}</dt>
                <dd>{column.render(row)}</dd>
              </div>
            ))}
          </dl>
        </Card>
      ))}
      <Pagination {...pagination} size="small" align="center" />
    </Flex>
  )
}
