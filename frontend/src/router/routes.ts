import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'

import AppLayout from '@/layouts/AppLayout.vue'

declare module 'vue-router' {
  interface RouteMeta {
    /** Key of the page's title in the texts. */
    title: string
    /** Name of the icon in the menu; pages without one are not in it. */
    icon?: string
    admin?: boolean
    /** Service that the page needs; where it is not deployed the menu leaves the page out. */
    feature?: string
    /** Whether the page is for people who are not logged in. */
    isPublic?: boolean
    /** Route name of the page above, for the breadcrumb. */
    parent?: string
  }
}

type Lazy = () => Promise<Component>

function page(
  path: string,
  name: string,
  component: Lazy,
  meta: Omit<RouteRecordRaw['meta'] & object, 'title'> & { title?: string } = {},
): RouteRecordRaw {
  return { path, name, component, props: true, meta: { title: `pages.${name}`, ...meta } }
}

export const routes: RouteRecordRaw[] = [
  page('/login', 'login', () => import('@/views/login/LoginView.vue'), { isPublic: true }),
  page('/register', 'register', () => import('@/views/login/RegisterView.vue'), {
    isPublic: true,
  }),
  page('/reset', 'reset', () => import('@/views/login/ResetView.vue'), { isPublic: true }),
  {
    path: '/',
    component: AppLayout,
    redirect: '/dashboard',
    children: [
      page('dashboard', 'dashboard', () => import('@/views/dashboard/DashboardView.vue'), {
        icon: 'Odometer',
      }),
      page('bots', 'bots', () => import('@/views/bots/BotList.vue'), { icon: 'Cpu' }),
      page('bots/new', 'botCreate', () => import('@/views/bots/BotCreate.vue'), { parent: 'bots' }),
      page('bots/:botId', 'botDetail', () => import('@/views/bots/BotDetail.vue'), {
        parent: 'bots',
      }),
      page('bots/:botId/edit', 'botEdit', () => import('@/views/bots/BotEdit.vue'), {
        parent: 'bots',
      }),
      page('orders', 'orders', () => import('@/views/orders/OrderList.vue'), { icon: 'List' }),
      page('exchanges', 'exchanges', () => import('@/views/exchanges/ExchangeList.vue'), {
        icon: 'Key',
      }),
      page('backtest', 'backtest', () => import('@/views/backtest/BacktestView.vue'), {
        icon: 'Histogram',
        feature: 'backtest',
      }),
      page('backtest/new', 'backtestCreate', () => import('@/views/backtest/BacktestCreate.vue'), {
        parent: 'backtest',
      }),
      page(
        'backtest/compare',
        'backtestCompare',
        () => import('@/views/backtest/BacktestCompare.vue'),
        { parent: 'backtest' },
      ),
      page(
        'backtest/:jobId',
        'backtestResult',
        () => import('@/views/backtest/BacktestResult.vue'),
        { parent: 'backtest' },
      ),
      page('analysis', 'analysis', () => import('@/views/analysis/AnalysisView.vue'), {
        icon: 'DataAnalysis',
        feature: 'analysis',
      }),
      page('analysis/pair', 'analysisPair', () => import('@/views/analysis/PairForm.vue'), {
        parent: 'analysis',
      }),
      page('analysis/finder', 'analysisFinder', () => import('@/views/analysis/FinderForm.vue'), {
        parent: 'analysis',
      }),
      page(
        'analysis/:jobId',
        'analysisResult',
        () => import('@/views/analysis/AnalysisResult.vue'),
        { parent: 'analysis' },
      ),
      page('settings', 'settings', () => import('@/views/settings/SettingsView.vue'), {
        icon: 'Setting',
      }),
      page('audit', 'audit', () => import('@/views/audit/AuditLog.vue'), { icon: 'Tickets' }),
      page('users', 'users', () => import('@/views/users/UserList.vue'), {
        icon: 'User',
        admin: true,
      }),
      page('system', 'system', () => import('@/views/system/SystemState.vue'), {
        icon: 'Monitor',
        admin: true,
      }),
    ],
  },
  page('/:path(.*)*', 'notFound', () => import('@/views/NotFound.vue'), { isPublic: true }),
]
