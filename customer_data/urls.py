from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from customer_data.views import CustomerDataViewSet, DataFileView, DataOfCustomerView

router = SimpleRouter()
router.register("message/customer-data", CustomerDataViewSet, basename="customer-data")

urlpatterns = [
    path("", include(router.urls)),
    re_path(
        r"^message/customer/(?P<customer_id>\d{1,18})/data/$", DataOfCustomerView.as_view(), name="data-of-customer"
    ),
]

media_urlpatterns = [path("customer_data/<path:path>", DataFileView.as_view(), name="customer-data-file")]
