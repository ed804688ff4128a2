import common from './common'
import login from './login'
import settings from './settings'
import dashboard from './dashboard'
import orders from './orders'
import audit from './audit'
import users from './users'
import system from './system'
import bots from './bots'
import exchanges from './exchanges'
import wizard from './wizard'
import detail from './detail'
import backtest from './backtest'
import analysis from './analysis'
import research from './research'
import misc from './misc'

export default {
  ...common,
  login,
  settings,
  dashboard,
  orders,
  audit,
  users,
  system,
  bots,
  exchanges,
  wizard,
  detail,
  backtest,
  analysis,
  research,
  misc,
}
