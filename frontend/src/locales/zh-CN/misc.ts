export default {
  notFound: '此地址没有内容，可能输入有误，或其内容已被删除。',
  toDashboard: '前往仪表板',
}
