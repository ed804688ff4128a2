export default {
  notFound:
    'There is nothing at this address. It may have been mistyped, or what it showed is gone.',
  toDashboard: 'Go to the dashboard',
}
