export default {
  title: '分析',
  none: '此部署没有分析服务。',
  noneHint: '机器人的收益可在仪表板和各机器人的页面查看。',
  toDashboard: '前往仪表板',
}
