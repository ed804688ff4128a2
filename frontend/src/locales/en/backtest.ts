export default {
  title: 'Backtest',
  none: 'This deployment has no backtest service.',
  noneHint: 'Bots can be tried without money on a simulated or paper account meanwhile.',
  toExchanges: 'To the exchange accounts',
}
