import { Button, Result } from 'antd'
import { useTranslation } from 'react-i18next'
import { useRouteError } from 'react-router-dom'

/** Whether a page's own file was gone: the console was renewed on the server while it was open here. */
function isRenewed(error: unknown): boolean {
  return error instanceof TypeError && /import|module/i.test(error.message)
}

/** What stands in place of a page that failed. Loading again brings the console's newest version. */
export function Broken() {
  const { t } = useTranslation()
  const kind = isRenewed(useRouteError()) ? 'renewed' : 'broken'
  return (
    <Result
      status={kind === 'renewed' ? 'info' : 'error'}
      title={t(`problem.${kind}.title`)}
      subTitle={t(`problem.${kind}.next`)}
      extra={
        <Button type="primary" data-testid="reload" onClick={() => window.location.reload()}>
          {t('action.reload')}
        </Button>
      }
    />
  )
}
