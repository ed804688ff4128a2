export default {
  title: '回测',
  none: '此部署没有回测服务。',
  noneHint: '目前可以用仿真或模拟盘账户试用机器人，无需投入资金。',
  toExchanges: '前往交易所账户',
}
