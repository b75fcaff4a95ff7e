import { LogoutOutlined, MenuOutlined, SwapOutlined, UserOutlined } from '@ant-design/icons'
import { Button, Drawer, Dropdown, Flex, Grid, Layout, Menu } from 'antd'
import { Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, Outlet, useLocation } from 'react-router-dom'
import { Problem } from '../api/problem'
import { signIn, signOut } from '../auth/session'
import { ErrorNotice, Loading } from '../ui/Notice'
import { useFormat } from '../ui/useFormat'
import { LanguageSwitch } from './LanguageSwitch'
import { useMe } from './me'
import { closedTo, entriesFor } from './menu'
import { useLanguage } from './useLanguage'

/** The frame around every signed-in page: menu by role, organisation, language, sign out. */
export function Shell() {
  const { t } = useTranslation()
  const me = useMe()
  const format = useFormat()
  const language = useLanguage()
  const { pathname } = useLocation()
  const wide = Grid.useBreakpoint().lg ?? true
  const [open, setOpen] = useState(false)
  const entries = entriesFor(me.roles)
  const selected = entries.find((entry) => pathname.startsWith(entry.path))?.key
  const menu = (
    <nav aria-label={t('menu.label')}>
      <Menu
        mode="inline"
        selectedKeys={selected ? [selected] : []}
        onClick={() => setOpen(false)}
        items={entries.map((entry) => ({ key: entry.key, icon: entry.icon, label: <Link to={entry.path}>{t(`menu.${entry.key}`)}</Link> }))}
      />
    </nav>
  )
  const reading = pathname.startsWith('/read/')
  return (
    <Layout className="shell">
      <a className="skip" href="#content">
        {t('action.skip')}
      </a>
      <Layout.Header className="header">
        <Flex align="center" gap={8} className="header-left">
          {(!wide || reading) && <Button type="text" icon={<MenuOutlined />} aria-label={t('menu.open')} onClick={() => setOpen(true)} />}
          <img src="/favicon.svg" alt="" width={28} height={28} />
          <strong className="brand">SonoBridge</strong>
          <span className="organisation" title={format.name(me.organisation)} data-testid="my-organisation">
            {format.name(me.organisation)}
          </span>
        </Flex>
        <Flex align="center" gap={8}>
          <LanguageSwitch />
          <Dropdown
            trigger={['click']}
            menu={{
              items: [
                { key: 'who', label: `${me.display_name || me.username} · ${me.roles.map((role) => t(`role.${role}`)).join('、')}`, disabled: true },
                { key: 'switch', icon: <SwapOutlined />, label: t('action.switchOrganisation') },
                { key: 'out', icon: <LogoutOutlined />, label: t('action.signOut') },
              ],
              onClick: ({ key }) => {
                if (key === 'out') void signOut()
                if (key === 'switch') void signIn('', '/', language === 'zh' ? 'zh-CN' : 'en')
              },
            }}
          >
            <Button icon={<UserOutlined />} aria-label={t('menu.account')} data-testid="account">
              {wide && (me.display_name || me.username)}
            </Button>
          </Dropdown>
        </Flex>
      </Layout.Header>
      <Layout>
        {wide && !reading && (
          <Layout.Sider width={216} theme="light" className="sider">
            {menu}
          </Layout.Sider>
        )}
        <Drawer open={open} onClose={() => setOpen(false)} placement="left" size={264} title={t('menu.label')}>
          {menu}
        </Drawer>
        <Layout.Content id="content" tabIndex={-1} className={reading ? 'content reading' : 'content'}>
          <Suspense fallback={<Loading />}>
            {closedTo(pathname, me.roles) ? <ErrorNotice error={new Problem(403, 'Forbidden', '')} /> : <Outlet />}
          </Suspense>
        </Layout.Content>
      </Layout>
    </Layout>
  )
}
