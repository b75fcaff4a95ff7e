import { Flex, Typography } from 'antd'
import { type ReactNode, useEffect } from 'react'

/** A page: its heading, what can be done on it, and its body. */
export function PageFrame({ title, hint, actions, children }: { title: string; hint?: string; actions?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · SonoBridge`
  }, [title])
  return (
    <Flex vertical gap={16} className="page">
      <Flex wrap gap={12} justify="space-between" align="center">
        <div>
          <Typography.Title level={1} className="page-title">
            {title}
          </Typography.Title>
          {hint !== undefined && <Typography.Text type="secondary">{hint}</Typography.Text>}
        </div>
        {actions !== undefined && (
          <Flex wrap gap={8}>
            {actions}
          </Flex>
        )}
      </Flex>
      {children}
    </Flex>
  )
}
