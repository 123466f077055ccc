export type {
  ActivityInput,
  AnnouncementInput,
  Durability,
  NotificationInput,
  NotificationType,
  Receipt,
  Sent,
} from './api/answers.ts'
export type { WriteOptions } from './api/create-api.ts'
export { TidingsRequestError } from './api/request-error.ts'
export { createPublisher, type Publisher, type PublisherOptions } from './publisher/create-publisher.ts'
