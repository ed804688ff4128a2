export default {
  title: 'Analysis',
  none: 'This deployment has no analysis service.',
  noneHint: 'What your bots have earned is on the dashboard and on each bot’s page.',
  toDashboard: 'To the dashboard',
}
