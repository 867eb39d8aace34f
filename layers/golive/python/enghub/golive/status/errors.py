"""What is wrong with what somebody wants of a status page."""

from enghub.core.errors import Conflict, Invalid, NotFound, RuleViolated
from enghub.core.i18n import Text


class PageNotFound(NotFound):
    """No page is at this address, or it was taken away."""

    text = Text("There is no status page at this address", "该地址没有状态页")


class PostNotFound(NotFound):
    """The page has no such post."""

    text = Text("The page has no post {post_id}", "状态页中没有公告 {post_id}")


class LinkNotValid(NotFound):
    """A link of a mail is of nobody, or no longer."""

    text = Text("This link is not valid any more", "该链接已失效")


class UnknownComponent(Invalid):
    """A post names a component that the page does not have."""

    text = Text("{field}: the page has no component {component}", "{field}：状态页没有组件 {component}")


class WrongPostState(Invalid):
    """A post of one kind is never in this state."""

    text = Text("{field}: a post of kind {kind} is {states}", "{field}：{kind} 类公告的状态为 {states}")


class PostOver(Conflict):
    """Nothing is published of what is over; write another post."""

    text = Text("The post is {state}: write another one", "公告已结束（{state}），请另发公告")


class TooManyUpdates(RuleViolated):
    """A post is bounded."""

    text = Text("A post has {most} updates at most: write another one", "一条公告最多 {most} 次更新，请另发公告")


class TooManySubscribers(RuleViolated):
    """A page is bounded."""

    text = Text("The page has {most} subscribers, no more are taken", "该状态页订阅人数已达 {most} 上限")
