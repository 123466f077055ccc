export type {
  ActivityInput,
  AnnouncementInput,
  Durability,
  EventPage,
  Notification,
  NotificationInput,
  NotificationPage,
  NotificationType,
  Receipt,
  Sent,
  Session,
  Stats,
} from './api/answers.ts'
export {
  type Api,
  createApi,
  type EventQuery,
  type NotificationQuery,
  type RequestOptions,
  type WriteOptions,
} from './api/create-api.ts'
export { type NotificationSource, notificationOf } from './api/notification.ts'
export { TidingsRequestError } from './api/request-error.ts'
export type { ApiOptions } from './api/requester.ts'
